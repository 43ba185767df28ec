//! Names that lead into the house are not dialled: the address that was looked at is the one that is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks up names; refuses those of which any address is private.
#[derive(Debug)]
pub(super) struct Guarded {
    /// For doubles in tests.
    pub(super) private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let look = move || (name.as_str(), 0).to_socket_addrs().map(Vec::from_iter);
            let found: Vec<SocketAddr> = tokio::task::spawn_blocking(look).await??;
            if !private && !found.iter().all(|address| is_public(address.ip())) {
                return Err("the name leads to a private address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// False for addresses of this machine, this network, and those that nobody has.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(within) = address.to_ipv4_mapped() {
        return is_public_v4(within);
    }
    let parts = address.segments();
    let within = |at: usize| {
        let [one, two] = parts[at].to_be_bytes();
        let [three, four] = parts[at + 1].to_be_bytes();
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match parts {
        // What a translator reaches, and tunnels to another address.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => within(6),
        [0x2002, ..] => within(1),
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        // Only this eighth of all addresses is given out.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_house_are_told() {
        let public = |text: &str| is_public(text.parse().unwrap());
        for private in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "fd00:ec2::254",
        ] {
            assert!(!public(private), "{private}");
        }
        for address in [
            "140.82.121.6",
            "172.32.0.1",
            "100.128.0.1",
            "8.8.8.8",
            "2606:4700::6810:1",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(public(address), "{address}");
        }
    }
}
