//! The entry point. The commands are in `cli`.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    thidua::cli::run().await
}
