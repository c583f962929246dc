//! The client of a request that carries no token: its address, its body, and how often it may ask.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error as ActixError, HttpRequest, ResponseError, web};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;
use serde::de::DeserializeOwned;

use super::call::{is_json, receive};
use super::problem::{Problem, request_id};
use super::query::Query;
use super::{State, json};
use crate::domain::office::session::{Device, USER_AGENT_CHARS};
use crate::error::{Code, Error};
use crate::service::office::sign_in::Origin;

/// Returns the address of a client: the peer's or, where the peer is a trusted proxy, the last one that `X-Forwarded-For`
/// names which is none.
pub fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.to_canonical());
    let mut named: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .collect();
    while is_trusted(&client) {
        // What a proxy could not have written ends the chain at that proxy.
        let Some(Ok(before)) = named.pop().map(|text| text.trim().parse::<IpAddr>()) else {
            break;
        };
        client = before.to_canonical();
    }
    client
}

/// Returns what failures and requests are counted by: a client with IPv6 has a whole network of addresses.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Returns from where somebody signs in.
pub fn origin(request: &HttpRequest, state: &State) -> Origin {
    let address = address(request.peer_addr().map(|peer| peer.ip()), request.headers(), &state.trusted_proxies);
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.map(|text| text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect());
    let device = Device { user_agent, address: Some(address.to_string()) };
    Origin { device, network: network(address), request_id: request_id(request) }
}

/// Receives the body of a request without a token.
///
/// # Errors
/// `unknown_parameter`, `unsupported_media_type` and those of the body.
pub async fn receive_json<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<T, Problem> {
    let bytes = receive_body(request, payload).await?;
    json::read(&bytes).map_err(|error| Problem::new(request, error))
}

/// The same, where no body says as much as an empty object.
///
/// # Errors
/// Those of [`receive_json`].
pub async fn receive_json_or_default<T>(request: &HttpRequest, payload: Payload) -> Result<T, Problem>
where
    T: DeserializeOwned + Default,
{
    let problem = |error| Problem::new(request, error);
    let bytes = receive_body(request, payload).await?;
    if bytes.is_empty() { Ok(T::default()) } else { json::read(&bytes).map_err(problem) }
}

/// Receives a body that is JSON or empty.
async fn receive_body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let problem = |error| Problem::new(request, error);
    let bytes = receive(request, payload).await.map_err(problem)?;
    if let Some(error) = Query::parse(request.query_string()).leftover() {
        return Err(problem(error));
    }
    if !bytes.is_empty() && !is_json(request) {
        return Err(problem(Code::UnsupportedMediaType.into()));
    }
    Ok(bytes)
}

/// How often one address may ask below `/v1/auth`.
pub struct Limiter {
    limits: RateLimiter<String, HashMapStateStore<String>, DefaultClock, StateInformationMiddleware>,
    quota: Quota,
    policy: HeaderValue,
    since_purge: AtomicU32,
}

/// After how many requests the addresses are forgotten that may ask freely again.
const PURGE_EVERY: u32 = 1_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Limiter {
    /// Lets each address ask so often a minute, and so often at once.
    pub fn new(per_minute: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let policy = format!("\"auth\";q={burst};w={}", quota.burst_size_replenished_in().as_secs().max(1));
        Limiter {
            limits: RateLimiter::hashmap(quota).with_middleware(),
            quota,
            policy: HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("\"auth\"")),
            since_purge: AtomicU32::new(0),
        }
    }

    /// Returns how many requests are left, or after how many seconds the next one is allowed.
    fn check(&self, network: &String) -> Result<u32, u64> {
        if self.since_purge.fetch_add(1, Ordering::Relaxed) >= PURGE_EVERY {
            self.since_purge.store(0, Ordering::Relaxed);
            self.limits.retain_recent();
        }
        match self.limits.check_key(network) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(refused) => Err(refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1),
        }
    }
}

/// Refuses an address that asks too often below `/v1/auth`, and tells each how often it still may.
///
/// # Errors
/// Those of the request itself.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let Some(state) =
        request.app_data::<web::Data<State>>().cloned().filter(|_| request.path().starts_with("/v1/auth/"))
    else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let network = origin(request.request(), &state).network;
    let (mut response, left, seconds) = match state.limiter.check(&network) {
        Ok(left) => {
            let seconds = state.limiter.quota.replenish_interval().as_secs().max(1);
            (next.call(request).await?.map_into_boxed_body(), left, seconds)
        }
        Err(seconds) => {
            let error = Error::new(Code::RateLimited).with("retry_after_seconds", seconds);
            let refused = Problem::new(request.request(), error).error_response();
            (request.into_response(refused).map_into_boxed_body(), 0, seconds)
        }
    };
    let headers = response.headers_mut();
    headers.insert(RATE_LIMIT_POLICY, state.limiter.policy.clone());
    if let Ok(value) = HeaderValue::from_str(&format!("\"auth\";r={left};t={seconds}")) {
        headers.insert(RATE_LIMIT, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        address(Some(peer.parse().unwrap()), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_asks() {
        let proxies = &["10.0.0.0/8", "192.0.2.7/32"][..];
        for (peer, forwarded, trusted, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], proxies, "203.0.113.9"),
            ("10.0.0.1", &[], proxies, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], proxies, "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], proxies, "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1, 192.0.2.7"], proxies, "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4, nonsense, 192.0.2.7"], proxies, "192.0.2.7"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], proxies, "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1"], &[], "10.0.0.1"),
        ] {
            assert_eq!(client(peer, forwarded, trusted), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
