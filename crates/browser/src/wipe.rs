//! Executes the plan: every command, whatever became of those before it.

use alloc::string::String;

use js_sys::Array;
use quash_core::logout::{Area, Command, CookieName, Page, Selection, Wipe, plan};
use web_sys::Window;

use crate::{
    effects::{cookies, storage},
    report::{ALL, DENIED, Outcome, push},
};

/// What the application wants wiped, as it said it.
pub(crate) struct Wanted {
    pub(crate) cookies: Selection<String>,
    pub(crate) local_storage: Selection<String>,
    pub(crate) session_storage: Selection<String>,
}

/// Wipes, and adds what became of each effect to `effects`.
pub(crate) fn run(window: &Window, wanted: Wanted, effects: &Array) {
    let location = window.location();
    let jar = cookies::jar(window);
    if jar.is_err() && wanted.cookies == Selection::Everything {
        push(effects, COOKIE, ALL, DENIED);
    }
    let page = Page {
        host: &location.hostname().unwrap_or_default(),
        path: &location.pathname().unwrap_or_default(),
        secure: window.is_secure_context(),
        cookies: &jar.unwrap_or_default(),
    };
    let wipe = Wipe {
        cookies: possible_names(wanted.cookies, effects),
        local_storage: wanted.local_storage,
        session_storage: wanted.session_storage,
    };
    for command in plan(wipe, page) {
        execute(window, &command, effects);
    }
}

const COOKIE: &str = "cookie";

fn execute(window: &Window, command: &Command, effects: &Array) {
    match command {
        Command::ExpireCookie { name, writes } => {
            push(effects, COOKIE, name.as_str(), cookies::expire(window, name, writes))
        }
        Command::RemoveItem { area, key } => push(effects, target(*area), key, storage::remove(window, *area, key)),
        Command::Clear { area } => push(effects, target(*area), ALL, storage::clear(window, *area)),
    }
}

fn target(area: Area) -> &'static str {
    match area {
        Area::Local => "localStorage",
        Area::Session => "sessionStorage",
    }
}

fn possible_names(names: Selection<String>, effects: &Array) -> Selection<CookieName> {
    let names = match names {
        Selection::Nothing => return Selection::Nothing,
        Selection::Everything => return Selection::Everything,
        Selection::Names(names) => names,
    };
    let possible = names.iter().filter_map(|name| {
        let possible = CookieName::new(name);
        if possible.is_none() {
            push(effects, COOKIE, name, Outcome::Failed("invalid_name"));
        }
        possible
    });
    Selection::Names(possible.collect())
}
