//! `cargo xtask build`: the browser module and its npm package, the Worker, the demo, what is measured, a Worker for the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::stamp::Stamp;
use crate::tools::{self, CargoTool, Need};
use crate::workspace::{SIMD, WASM_TARGET, Workspace};

/// For bytes.
const WASM_OPT: [&str; 2] = ["-Oz", "--converge"];

/// What the Worker's routes are, which the npm package has a copy of.
const OPENAPI: &str = "docs/openapi.json";

/// What the browser module may use of WebAssembly: no more than wasm2js can translate, so no references to JavaScript's objects,
/// which wasm-bindgen then keeps in a list. It is smaller for it, too.
const BROWSER_FEATURES: (&str, &str) = (
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
    "-Ctarget-cpu=mvp -Ctarget-feature=+bulk-memory,+mutable-globals,+nontrapping-fptoint,+sign-ext",
);

/// For speed: what runs at the edge on every request is downloaded by nobody. What rustc left out of line because it hardly ever runs
/// stays there, though it is called from one place only: V8 compiles a function as a whole when it first runs.
const WASM_OPT_ENGINE: [&str; 4] = ["-O3", "--one-caller-inline-max-function-size", "30", "--enable-simd"];

/// What rustc lets LLVM use for this target by default. Stated, so that wasm-opt emits nothing newer than that.
const WASM_FEATURES: [&str; 4] =
    ["--enable-bulk-memory", "--enable-mutable-globals", "--enable-nontrapping-float-to-int", "--enable-sign-ext"];

/// The rest of it, which the browser module does without.
const WASM_FEATURES_OF_SERVERS: [&str; 2] = ["--enable-multivalue", "--enable-reference-types"];

/// worker-build has wasm-opt keep them, whatever it is asked.
const STRIP_NAMES: &str = "--strip-debug";

/// What a module that is to be small is optimised with once more than worker-build does: 1.5 KB (gzip).
const AGAIN: [&str; 2] = ["-O2", "-g"];

/// The module of a Worker as it was before that, in the same folder.
pub(crate) const NAMED_MODULE: &str = "named.wasm";

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Browser,
    Engine,
    Server,
    Worker,
    Demo,
    Bench,
    Guard,
    Guarded,
    Hello,
    Router,
}

impl Part {
    pub(crate) const ALL: [Self; 10] = [
        Self::Browser,
        Self::Engine,
        Self::Server,
        Self::Worker,
        Self::Demo,
        Self::Bench,
        Self::Guard,
        Self::Guarded,
        Self::Hello,
        Self::Router,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Engine => "engine",
            Self::Server => "server",
            Self::Worker => "worker",
            Self::Demo => "demo",
            Self::Bench => "bench",
            Self::Guard => "guard",
            Self::Guarded => "guarded",
            Self::Hello => "hello",
            Self::Router => "router",
        }
    }

    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::Browser => &[Need::WasmTarget, Need::NpmPackages, Need::WasmBindgen],
            Self::Worker | Self::Demo | Self::Guard | Self::Guarded | Self::Hello | Self::Router => {
                &[Need::WasmTarget, Need::NpmPackages, Need::WasmBindgen, Need::WorkerBuild]
            }
            Self::Engine | Self::Server | Self::Bench => &[Need::WasmTarget, Need::NpmPackages],
        }
    }

    fn build(self, workspace: &Workspace) -> Result<()> {
        match self {
            Self::Browser => build_browser(workspace),
            Self::Engine => {
                build_module(workspace, "quash-js", "www/quash/wasm-engine", "quash_engine.wasm")?;
                build_npm(workspace, "quash", "www/quash", &[OPENAPI])
            }
            Self::Server => {
                build_module(workspace, "quash-server", "www/quash/wasm-server", "quash_server.wasm")?;
                build_npm(workspace, "quash", "www/quash", &[OPENAPI])
            }
            Self::Worker => {
                build_worker(workspace, "quash-worker", "crates/worker", Goal::Bytes)?;
                copy_endpoints(workspace)
            }
            Self::Demo => {
                build_worker(workspace, "quash-demo", "www/demo/worker", Goal::Bytes)?;
                build_npm(workspace, "quash-demo", "www/demo", &["www/quash/dist", "www/quash/wasm"])
            }
            Self::Bench => build_bench(workspace),
            Self::Guard => build_worker(workspace, "quash-test-guard", "tests/edge/guard", Goal::Speed),
            Self::Guarded => build_worker(workspace, "quash-bench-guarded", "tests/bench/guarded", Goal::Speed),
            Self::Hello => build_worker(workspace, "quash-bench-hello", "tests/bench/hello", Goal::Speed),
            Self::Router => build_worker(workspace, "quash-test-router", "tests/edge/router", Goal::Speed),
        }
    }
}

/// Installs what the parts need and builds them.
///
/// # Errors
/// When a tool is missing or a step fails.
pub(crate) fn run(workspace: &Workspace, parts: &[Part]) -> Result<()> {
    let is_wanted = |part: &Part| {
        let wanted_by = match part {
            // The demo's site bundles the npm package.
            Part::Browser => Some(Part::Demo),
            // The engine guards what the Worker is deployed with.
            Part::Engine => Some(Part::Worker),
            _ => None,
        };
        parts.contains(part) || wanted_by.is_some_and(|other| parts.contains(&other))
    };
    let parts: Vec<Part> = Part::ALL.into_iter().filter(is_wanted).collect();
    tools::ensure(workspace, parts.iter().flat_map(|part| part.needs()).copied())?;
    parts.iter().try_for_each(|part| part.build(workspace))
}

/// The module twice, as WebAssembly and as JavaScript, with one glue for both; and the npm package around it.
fn build_browser(workspace: &Workspace) -> Result<()> {
    let mut build = workspace.cargo(["build", "--package=quash-browser", "--profile=browser", "--target", WASM_TARGET]);
    // No other build has this profile, so none of theirs is thrown away for these flags.
    build.env(BROWSER_FEATURES.0, BROWSER_FEATURES.1);
    workspace.console.run("cargo build quash-browser", build)?;

    let module = workspace.target.join(WASM_TARGET).join("browser/quash_browser.wasm");
    let bindgen = CargoTool::wasm_bindgen(workspace)?;
    let folder = workspace.path("www/quash/wasm");
    let recipe = format!("{} {WASM_OPT:?} {WASM_FEATURES:?} wasm2js minified typed", bindgen.label());
    let inputs = vec![module.clone(), workspace.path("package-lock.json")];
    once(workspace, "www/quash/wasm", recipe, inputs, folder.clone(), || {
        fs::create_dir_all(&folder)?;
        // The standard library's part of the list names reference types, which nothing here uses; wasm-bindgen would.
        let plain = module.with_file_name("quash.wasm");
        let mut command = workspace.command(workspace.npm_bin("wasm-opt"), WASM_FEATURES);
        command.args(WASM_FEATURES_OF_SERVERS);
        command.arg("--strip-target-features").arg(&module).arg("-o").arg(&plain);
        workspace.console.run("wasm-opt --strip-target-features", command)?;

        let mut command = Command::new(bindgen.bin("wasm-bindgen"));
        command.args(["--target=bundler", "--encode-into=always", "--out-name=quash", "--remove-producers-section"]);
        command.arg("--out-dir").arg(&folder).arg(&plain);
        workspace.console.run("wasm-bindgen quash-browser", command)?;

        let bound = folder.join("quash_bg.wasm");
        let mut command = workspace.command(workspace.npm_bin("wasm-opt"), WASM_OPT);
        command.args(WASM_FEATURES).arg(&bound).arg("-o").arg(&bound);
        workspace.console.run("wasm-opt quash-browser", command)?;

        let translated = folder.join("quash_js.js");
        let mut command = workspace.command(workspace.npm_bin("wasm2js"), ["-O"]);
        command.args(WASM_FEATURES).arg(&bound).arg("-o").arg(&translated);
        workspace.console.run("wasm2js quash-browser", command)?;

        // Downloaded as they are where nobody bundles them.
        for file in [folder.join("quash_bg.js"), translated] {
            let mut command =
                workspace.command(workspace.npm_bin("esbuild"), ["--minify", "--format=esm", "--allow-overwrite"]);
            command.arg(&file).arg(format!("--outfile={}", file.display()));
            workspace.console.run("esbuild quash-browser", command)?;
        }
        // The module that its target would import as one; the package loads it otherwise.
        fs::remove_file(folder.join("quash.js"))?;
        fs::rename(folder.join("quash.d.ts"), folder.join("quash_bg.d.ts"))?;
        fs::rename(folder.join("quash_bg.wasm.d.ts"), folder.join("quash_js.d.ts"))?;
        Ok(())
    })?;
    build_npm(workspace, "quash", "www/quash", &[OPENAPI])
}

/// What a Worker's module is built for.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// It guards requests.
    Speed,
    /// Another module does that, so it is as small as can be.
    Bytes,
}

impl Goal {
    /// What Cargo is told besides.
    const fn options(self) -> &'static [&'static str] {
        match self {
            Self::Speed => &[],
            Self::Bytes => &["--config", r#"profile.release.package.quash-core.opt-level="z""#],
        }
    }

    /// Without SIMD, no code is there twice.
    fn apply(self, command: &mut Command) {
        match self {
            Self::Speed => drop(command.env(SIMD.0, SIMD.1)),
            Self::Bytes => drop(command.env_remove(SIMD.0)),
        }
    }
}

/// A Worker: worker-build binds, optimises and bundles what Cargo compiled into `build/` beside the manifest.
fn build_worker(workspace: &Workspace, package: &str, folder: &str, goal: Goal) -> Result<()> {
    // First alone, so that nothing more is done when the module has not changed. worker-build sets this variable too.
    let mut build = workspace.cargo(["build", "--package", package, "--lib", "--release", "--target", WASM_TARGET]);
    build.args(goal.options()).env("WASM_BINDGEN_USE_JS_SYS", "1");
    goal.apply(&mut build);
    workspace.console.run(&format!("cargo build {package}"), build)?;

    let file = format!("{}.wasm", package.replace('-', "_"));
    let module = workspace.target.join(WASM_TARGET).join("release").join(file);
    let tool = CargoTool::worker_build(workspace)?;
    let bindgen = CargoTool::wasm_bindgen(workspace)?;
    let recipe = format!("{} {} {goal:?} {AGAIN:?} {STRIP_NAMES}", tool.label(), bindgen.label());
    let inputs = vec![module, workspace.path("package-lock.json")];
    let result = format!("{folder}/build");
    once(workspace, &result, recipe, inputs, workspace.path(&result), || {
        let mut command = workspace.command(tool.bin("worker-build"), ["--release"]);
        command.args([".", "--"]).args(goal.options()).current_dir(workspace.path(folder));
        // It would download what these do not name.
        command.env("WASM_BINDGEN_BIN", bindgen.bin("wasm-bindgen"));
        command.env("WASM_OPT_BIN", workspace.npm_bin("wasm-opt"));
        command.env("ESBUILD_BIN", workspace.npm_bin("esbuild"));
        goal.apply(&mut command);
        workspace.console.run(&format!("worker-build {package}"), command)?;

        // A tenth of an upload would be the functions' names. They stay beside it, for `cargo xtask size` and for whoever reads
        // `wasm-function[123]` in a stack trace.
        let bound = workspace.path(&result).join("index_bg.wasm");
        let named = bound.with_file_name(NAMED_MODULE);
        match goal {
            Goal::Speed => fs::rename(&bound, &named)?,
            Goal::Bytes => {
                let mut command = workspace.command(workspace.npm_bin("wasm-opt"), AGAIN);
                command.arg(&bound).arg("-o").arg(&named);
                workspace.console.run(&format!("wasm-opt -O2 {package}"), command)?;
            }
        }
        let mut command = workspace.command(workspace.npm_bin("wasm-opt"), [STRIP_NAMES]);
        command.arg(&named).arg("-o").arg(&bound);
        workspace.console.run(&format!("wasm-opt {STRIP_NAMES} {package}"), command)
    })
}

/// What the deployable Worker answers itself, for the npm package, which it is deployed from.
fn copy_endpoints(workspace: &Workspace) -> Result<()> {
    const FILES: [&str; 2] = ["index.js", "index_bg.wasm"];
    const RESULT: &str = "www/quash/wasm-endpoints";
    let (built, folder) = (workspace.path("crates/worker/build"), workspace.path(RESULT));
    let inputs = FILES.map(|file| built.join(file)).into();
    once(workspace, RESULT, String::new(), inputs, folder.clone(), || {
        fs::create_dir_all(&folder)?;
        FILES.iter().try_for_each(|file| fs::copy(built.join(file), folder.join(file)).map(drop))?;
        Ok(())
    })
}

/// A module without glue: the engine, for the edge's gate; or what the npm package has for servers.
fn build_module(workspace: &Workspace, package: &str, result: &str, file: &str) -> Result<()> {
    let mut build = workspace.cargo(["build", "--package", package, "--profile=engine", "--target", WASM_TARGET]);
    build.env(SIMD.0, SIMD.1);
    workspace.console.run(&format!("cargo build {package}"), build)?;
    let module = workspace.target.join(WASM_TARGET).join(format!("engine/{}.wasm", package.replace('-', "_")));
    let folder = workspace.path(result);
    let inputs = vec![module.clone(), workspace.path("package-lock.json")];
    once(workspace, result, engine_recipe(), inputs, folder.clone(), || {
        fs::create_dir_all(&folder)?;
        optimise_engine(workspace, &module, &folder.join(file))
    })
}

fn engine_recipe() -> String {
    format!("{WASM_OPT_ENGINE:?} {WASM_FEATURES:?} {WASM_FEATURES_OF_SERVERS:?}")
}

fn optimise_engine(workspace: &Workspace, module: &Path, optimised: &Path) -> Result<()> {
    let mut command = workspace.command(workspace.npm_bin("wasm-opt"), WASM_OPT_ENGINE);
    command.args(WASM_FEATURES).args(WASM_FEATURES_OF_SERVERS);
    command.arg(module).arg("-o").arg(optimised);
    workspace.console.run("wasm-opt -O3", command)
}

/// The cases of `cargo xtask bench core` and `bench follower` as a module without glue; and the same with all of the core, also what no case calls,
/// so that a test can see what it would import.
fn build_bench(workspace: &Workspace) -> Result<()> {
    let mut build =
        workspace.cargo(["build", "--package=quash-bench", "--lib", "--profile=engine", "--target", WASM_TARGET]);
    // Every build of this profile for this target has these flags, so none is thrown away for them.
    build.env(SIMD.0, SIMD.1);
    workspace.console.run("cargo build quash-bench", build)?;
    let mut whole = workspace.cargo(["rustc", "--package=quash-bench", "--lib", "--target", WASM_TARGET]);
    // In one unit, since of several the linker takes those that something is called from; and all of that.
    whole.args(["--config", "profile.dev.package.quash-core.codegen-units=1"]);
    whole.args(["--", "-Clink-dead-code", "-Clink-arg=--no-gc-sections"]).env(SIMD.0, SIMD.1);
    workspace.console.run("cargo rustc quash-bench, with all of the core", whole)?;

    let modules = workspace.target.join(WASM_TARGET);
    let (module, whole) = (modules.join("engine/quash_bench.wasm"), modules.join("debug/quash_bench.wasm"));
    let folder = workspace.path("tests/bench/build");
    let inputs = vec![module.clone(), whole.clone(), workspace.path("package-lock.json")];
    once(workspace, "tests/bench/build", engine_recipe(), inputs, folder.clone(), || {
        fs::create_dir_all(&folder)?;
        fs::copy(&whole, folder.join("whole_core.wasm"))?;
        optimise_engine(workspace, &module, &folder.join("quash_bench.wasm"))
    })
}

/// An npm workspace whose script `build` makes `dist/`.
fn build_npm(workspace: &Workspace, package: &str, folder: &str, from: &[&str]) -> Result<()> {
    let shared = [folder, "package-lock.json", "tsconfig.base.json"];
    let inputs = shared.iter().chain(from).map(|path| workspace.path(path)).collect();
    let result = format!("{folder}/dist");
    once(workspace, &result, String::new(), inputs, workspace.path(&result), || {
        workspace
            .console
            .run(&format!("npm run build {package}"), workspace.npm(["run", "build", "--workspace", package]))
    })
}

/// Runs `steps` only when `inputs`, the recipe or the folder that they make have changed.
fn once(
    workspace: &Workspace,
    what: &str,
    recipe: String,
    inputs: Vec<PathBuf>,
    output: PathBuf,
    steps: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let file = workspace.target.join("xtask").join(what.replace('/', "-"));
    let stamp = Stamp::new(file, recipe, inputs, vec![output.clone()]);
    if stamp.is_fresh()? {
        workspace.console.cached(what);
        return Ok(());
    }
    // What an earlier run left behind would be packed or deployed.
    remove_folder(&output)?;
    steps()?;
    stamp.record()
}

fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}
