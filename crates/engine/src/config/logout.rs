use super::Field;
use crate::{
    cookie::Cookie,
    keys::source::may_be_read_from,
    redirect::{EndSession, Redirects},
};

/// A cookie that we set or expire.
pub(super) fn cookie(field: &Field<'_, '_>) -> Option<Cookie> {
    field.table(&["name", "path", "domain", "partitioned"]);
    let cookie = Cookie {
        name: field.member("name").required().text_or(""),
        path: field.member("path").text_or("/"),
        domain: field.member("domain").text().map(str::to_owned),
        partitioned: field.member("partitioned").is_true(),
    };
    if let Some(problem) = cookie.problem() {
        field.wrong(&problem);
    }
    Some(cookie)
}

/// Where a logout may send browsers.
pub(super) fn redirects(root: &Field<'_, '_>) -> Redirects {
    let address = |field: &Field<'_, '_>| {
        let url = field.text_or("");
        if !may_be_read_from(&url) || url.contains('#') {
            field.wrong(&"must be an https address");
        }
        url
    };
    Redirects {
        allowed: root.member("logout").member("redirects").list(&mut |field| Some(address(field))),
        end_sessions: root.member("issuers").list(&mut |issuer| {
            let field = issuer.member("end_session");
            field.is_there().then(|| {
                field.table(&["endpoint", "client_id"]);
                EndSession {
                    issuer: issuer.member("issuer").text_or(""),
                    endpoint: address(field.member("endpoint").required()),
                    client_id: field.member("client_id").required().text_or(""),
                }
            })
        }),
    }
}

/// The `Clear-Site-Data` header's value (W3C Clear Site Data section 3.1): quoted, or the header means nothing.
pub(super) fn clear_site_data(field: &Field<'_, '_>) -> Option<String> {
    if !field.is_there() {
        // Not "cache": it can hang Chromium for seconds.
        return Some(r#""cookies", "storage""#.into());
    }
    let kinds = field.texts_that(|kind| match kind {
        "cache" | "cookies" | "executionContexts" | "storage" | "*" => None,
        _ => Some("must be `cookies`, `storage`, `cache`, `executionContexts` or `*`"),
    });
    (!kinds.is_empty()).then(|| format!("\"{}\"", kinds.join("\", \"")))
}
