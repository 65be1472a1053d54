use super::Problem;
use crate::error::Error;

/// What an administrator may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRoute {
    /// To revoke.
    Revoke,
    /// What is revoked.
    List,
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
            _ => Err(Problem::RouteUnknown),
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
        for path in ["/admin/", "/admin/revocations/", "/admin/Audit", "/admin"] {
            assert_eq!(of(path, "GET"), Err("route_unknown"), "{path}");
        }
    }
}
