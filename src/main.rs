//! The program. No logic: arguments, then whatever they ask for.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    thidua::cli::run().await
}
