//! Keeps web pages away from the sandbox, which asks for no password: a name that is rebound to this machine, or a page of
//! another origin, must not drive it.

use std::net::IpAddr;

use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::error::{Code, Error};

/// The names under which the sandbox answers.
pub struct LocalOnly {
    address: IpAddr,
    origins: Vec<String>,
}

impl LocalOnly {
    /// Answers at an address of this machine, to its own pages and those of `origins`.
    pub fn new(address: IpAddr, origins: Vec<String>) -> Self {
        LocalOnly { address, origins }
    }

    fn is_own(&self, host: &str) -> bool {
        let is_port = |port: &str| port.chars().all(|c| c.is_ascii_digit());
        let name = match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            _ => host,
        };
        let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        name.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address == self.address)
    }

    /// Checks the host that is addressed and the origin of the page that calls.
    ///
    /// # Errors
    /// `misdirected_request`, `foreign_origin`.
    pub fn check(&self, headers: &HeaderMap, authority: Option<&str>) -> Result<(), Error> {
        let host = only(headers, &header::HOST).filter(|host| self.is_own(host)).ok_or(Code::MisdirectedRequest)?;
        if authority.is_some_and(|authority| !self.is_own(authority)) {
            return Err(Error::new(Code::MisdirectedRequest));
        }
        if !headers.contains_key(header::ORIGIN) {
            return Ok(());
        }
        let is_known =
            |origin: &str| origin == format!("http://{host}") || self.origins.iter().any(|known| known == origin);
        only(headers, &header::ORIGIN).filter(|origin| is_known(origin)).ok_or(Code::ForeignOrigin)?;
        Ok(())
    }
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}
