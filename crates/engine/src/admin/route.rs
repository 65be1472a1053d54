use quash_core::RevocationId;

use super::Problem;
use crate::error::Error;

/// Before the id of one entry.
const ENTRY: &str = "/admin/revocations/";

/// What an administrator may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRoute {
    /// To revoke.
    Revoke,
    /// What is revoked.
    List,
    /// To lift what was revoked by mistake.
    Lift(RevocationId),
    /// Why a token is let in, or is not.
    Explain,
    /// Who has revoked.
    Audit,
}

impl AdminRoute {
    /// The route of a path below the prefix, and a method.
    ///
    /// # Errors
    /// [`Problem::RouteUnknown`] or [`Error::MethodNotAllowed`].
    pub fn of(path: &str, method: &str) -> Result<Self, Problem> {
        match (path, method) {
            ("/admin/revocations", "POST") => Ok(Self::Revoke),
            ("/admin/revocations", "GET") => Ok(Self::List),
            ("/admin/explain", "POST") => Ok(Self::Explain),
            ("/admin/audit", "GET") => Ok(Self::Audit),
            ("/admin/revocations", _) => Err(Error::MethodNotAllowed("GET, POST").into()),
            ("/admin/explain", _) => Err(Error::MethodNotAllowed("POST").into()),
            ("/admin/audit", _) => Err(Error::MethodNotAllowed("GET").into()),
            _ => match path.strip_prefix(ENTRY).and_then(|id| id.parse().ok()) {
                Some(id) if method == "DELETE" => Ok(Self::Lift(id)),
                Some(_) => Err(Error::MethodNotAllowed("DELETE").into()),
                None => Err(Problem::RouteUnknown),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_takes_its_methods_only() {
        let of = |path, method| AdminRoute::of(path, method).map_err(|error| error.code());
        assert_eq!(of("/admin/revocations", "GET"), Ok(AdminRoute::List));
        assert_eq!(of("/admin/revocations", "DELETE"), Err("method_not_allowed"));
        assert_eq!(of("/admin/explain", "GET"), Err("method_not_allowed"));
        let (id, path) = (RevocationId::from_bytes([0xab; 16]), format!("{ENTRY}{}", "ab".repeat(16)));
        assert_eq!(of(&path, "DELETE"), Ok(AdminRoute::Lift(id)));
        assert_eq!(of(&path, "GET"), Err("method_not_allowed"));
        assert_eq!(of(&path[1..], "DELETE"), Err("route_unknown"));
        let upper = path.to_uppercase();
        assert_eq!(of(&upper, "DELETE"), Err("route_unknown"));
        for path in ["/admin/", "/admin/revocations/", "/admin/Audit", "/admin"] {
            assert_eq!(of(path, "GET"), Err("route_unknown"), "{path}");
        }
    }
}
