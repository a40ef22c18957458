//! A real PostgreSQL for the tests: the one in `DATABASE_URL`, else the one of the test tools, started on a free
//! loopback port and stopped with the test program. Never skipped: without either, the tests fail.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ekyc_onboarder::models::{ModelCache, Role};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

/// Keeps the server's watcher at its post as long as this process lives.
static SHARED: OnceLock<Server> = OnceLock::new();

/// Starts the server given as arguments and stops it when its own input ends: when the process that holds the other end
/// is gone, however it went.
const WATCHER: &str = r#"folder=$1; shift; "$@" & server=$!; read -r never; kill -QUIT $server; wait $server; rm -rf "$folder""#;

/// An empty database of its own in a running server; dropped by `drop_database`.
pub struct Database {
    admin: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes the database.
    pub async fn create() -> Self {
        let admin = match std::env::var("DATABASE_URL") {
            Ok(url) => url.parse().expect("DATABASE_URL is a PostgreSQL address"),
            Err(_) => {
                tokio::task::spawn_blocking(|| SHARED.get_or_init(Server::start).admin()).await.unwrap()
            }
        };
        let name = format!("ekyc_test_{}", Uuid::new_v4().simple());
        let mut connection = connect_patiently(&admin).await;
        sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut connection).await.unwrap();
        Self { admin, name }
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.admin.clone().database(&self.name)
    }

    /// Drops the database, so that a server that is not ours is left as it was.
    pub async fn drop_database(self) {
        let mut connection = self.admin.connect().await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(&drop).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Connects as soon as the server answers.
pub async fn connect_patiently(options: &PgConnectOptions) -> sqlx::PgConnection {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match options.connect().await {
            Ok(connection) => return connection,
            Err(error) if Instant::now() > deadline => panic!("PostgreSQL does not answer: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// A server process on loopback; once it is dropped it is killed, and what it left is removed.
pub struct Server {
    port: u16,
    _watcher: Child,
}

impl Server {
    fn start() -> Self {
        let programs = Programs::provide();
        let data = programs.make_data("data");
        programs.serve(&data, &programs.folder, &[])
    }

    /// How its superuser connects.
    pub fn admin(&self) -> PgConnectOptions {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port).parse().unwrap()
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// The programs of the test tools' PostgreSQL, in a folder where a plain user may run them.
pub struct Programs {
    folder: PathBuf,
    programs: PathBuf,
}

impl Programs {
    /// Makes the folder; whoever takes it has it removed.
    pub fn provide() -> Self {
        let cache = ModelCache::from_env().unwrap();
        let installed = cache.path(Role::Postgres).expect("set DATABASE_URL, or let pip fetch a PostgreSQL");
        let folder = tempfile::tempdir().unwrap().keep();
        let programs =
            if is_root(&folder) { copy_for_nobody(&installed, &folder) } else { installed.join("bin") };
        provide_libpq(&programs, &folder);
        if is_root(&folder) {
            let mut chown = Command::new("chown");
            chown.args(["-R", "nobody"]).arg(&folder);
            run(chown);
        }
        Self { folder, programs }
    }

    /// Where everything lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty cluster of databases.
    pub fn make_data(&self, name: &str) -> PathBuf {
        let data = self.folder.join(name);
        let mut initdb = as_plain_user(&self.programs.join("initdb"), &self.programs, &self.folder);
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        run(initdb);
        data
    }

    /// A copy of a cluster that was never started, to follow another server.
    pub fn make_standby(&self, data: &Path, name: &str) -> PathBuf {
        let copy = self.folder.join(name);
        let mut copying = as_plain_user(Path::new("cp"), &self.programs, &self.folder);
        run({
            copying.arg("-r").arg(data).arg(&copy);
            copying
        });
        let mut signal = as_plain_user(Path::new("touch"), &self.programs, &self.folder);
        run({
            signal.arg(copy.join("standby.signal"));
            signal
        });
        copy
    }

    /// Serves a cluster on a free port, with more settings; `left` is removed at the end.
    pub fn serve(&self, data: &Path, left: &Path, settings: &[String]) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut watcher = as_plain_user(Path::new("sh"), &self.programs, &self.folder);
        watcher.args(["-c", WATCHER, "sh"]).arg(left).arg(self.programs.join("postgres"));
        watcher.arg("-D").arg(data).args(["-p", &port.to_string(), "-F"]);
        watcher.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        for setting in settings {
            watcher.arg("-c").arg(setting);
        }
        watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Server { port, _watcher: watcher.spawn().unwrap() }
    }
}

/// Whether what we make belongs to root; PostgreSQL refuses to run as root.
fn is_root(folder: &Path) -> bool {
    std::fs::metadata(folder).unwrap().uid() == 0
}

/// Root's cache may be closed to everybody else, so the server's files are copied to where `nobody` may read them.
fn copy_for_nobody(installed: &Path, folder: &Path) -> PathBuf {
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(installed).arg(folder.join("server"));
    run(copy);
    folder.join("server").join("bin")
}

/// The package's programs ask for a libpq whose name its packaging made up (`libpq-<digits>.so`), which lies outside
/// the server's own folder; the same library lies in it under its plain name.
fn provide_libpq(programs: &Path, folder: &Path) {
    let libraries = folder.join("libraries");
    std::fs::create_dir(&libraries).unwrap();
    let initdb = std::fs::read(programs.join("initdb")).unwrap();
    for name in initdb.split(|byte| *byte == 0).filter(|name| name.starts_with(b"libpq-")) {
        let name = std::str::from_utf8(name).unwrap();
        let plain = programs.parent().unwrap().join("lib").join("libpq.so.5");
        std::os::unix::fs::symlink(plain, libraries.join(name)).unwrap();
    }
    let mut readable = std::fs::metadata(&libraries).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut readable, 0o755);
    std::fs::set_permissions(&libraries, readable).unwrap();
}

fn as_plain_user(program: &Path, programs: &Path, folder: &Path) -> Command {
    let is_handed_over = programs.starts_with(folder);
    let mut command = if is_handed_over {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
        setpriv
    } else {
        Command::new(program)
    };
    command.current_dir(folder).env("LC_ALL", "C").env("LD_LIBRARY_PATH", folder.join("libraries"));
    if let Some(server) = programs.parent() {
        command.env("DYLD_FALLBACK_LIBRARY_PATH", server.join("lib"));
    }
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; or set DATABASE_URL"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}; or set DATABASE_URL");
}
