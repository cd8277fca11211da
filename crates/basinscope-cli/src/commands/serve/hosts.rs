//! Whether a request means this machine, or a name that somebody else made point to it.
//!
//! A page from elsewhere may have its own name resolve to 127.0.0.1 and then read what is served
//! here (DNS rebinding); the browser still tells that name.

use hyper::header;
use hyper::http::request::Parts;

/// Whether every host a request names is this machine's own, and it names one.
pub fn is_local(request: &Parts) -> bool {
    let named = request.headers.get_all(header::HOST).into_iter();
    let mut hosts: Vec<&str> = named
        .map(|host| host.to_str().unwrap_or_default())
        .collect();
    hosts.extend(request.uri.authority().map(|authority| authority.as_str()));
    !hosts.is_empty() && hosts.into_iter().all(is_own)
}

/// Whether a host, with or without a port, is a name of this machine for itself.
fn is_own(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| {
        let rest = host.strip_prefix(own);
        rest.is_some_and(|rest| match rest.strip_prefix(':') {
            Some(port) => port.chars().all(|c| c.is_ascii_digit()),
            None => rest.is_empty(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    #[test]
    fn only_own_names_pass() {
        for own in [
            "localhost",
            "LOCALHOST:7357",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:7357",
            "127.0.0.1:80@evil.example",
            "::1",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn every_name_in_a_request_counts() {
        let local = |uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().uri(uri);
            for host in hosts {
                request = request.header(header::HOST, *host);
            }
            is_local(&request.body(()).unwrap().into_parts().0)
        };
        assert!(local("/", &["localhost"]));
        assert!(!local("/", &[]));
        assert!(!local("/", &["localhost", "evil.example"]));
        assert!(!local("http://evil.example/", &["localhost"]));
    }
}
