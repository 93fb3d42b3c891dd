//! The key file: made on the first start, readable by the program's user only. One key a line, `<id> <64 hex digits>`;
//! the last line is the key in use, earlier ones still open what they sealed.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use super::Sealer;

const HEADER: &str = "# Lineside seals the secrets in its database with this key. Keep it private, and back it up
# apart from the database: without it no sealed secret can be read again.
";

#[derive(Clone)]
pub(super) struct Key {
    pub id: u8,
    pub bytes: Zeroizing<[u8; 32]>,
}

#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("the key file {path} can be read by others (mode {mode:04o}); repair it with: chmod 600 {path}", path = path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error(
        "line {line} of the key file {path} is no key; put back the file from its backup (a key line is a number from 1 to 255 and 64 hex digits)",
        path = path.display()
    )]
    Malformed { path: PathBuf, line: usize },
    #[error("the key file {path} holds no key; put back the file from its backup, or remove it if the database is new", path = path.display())]
    Empty { path: PathBuf },
    #[error("the key file {path} can't be read or made: {source}; see that the folder exists and belongs to the program's user", path = path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Sealer {
    /// Opens the key file, or makes it (and its folder) when there is none. Two programs that start at once end up with
    /// the same key.
    pub fn create_or_open(path: &Path, rng: &mut dyn CryptoRng) -> Result<Self, KeyFileError> {
        let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path, rng).map_err(io_error)?,
            Err(error) => return Err(io_error(error)),
        }
        Sealer::open_file(path)
    }

    fn open_file(path: &Path) -> Result<Self, KeyFileError> {
        let io_error = |source| KeyFileError::Io { path: path.to_owned(), source };
        let mode = fs::metadata(path).map_err(io_error)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io_error)?);
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let key = parse_line(line).filter(|key| keys.iter().all(|known| known.id != key.id));
            keys.push(key.ok_or_else(|| KeyFileError::Malformed { path: path.to_owned(), line: index + 1 })?);
        }
        if keys.is_empty() { Err(KeyFileError::Empty { path: path.to_owned() }) } else { Ok(Sealer { keys }) }
    }
}

fn parse_line(line: &str) -> Option<Key> {
    let (id, digits) = line.trim().split_once(' ')?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits.trim(), bytes.as_mut()).ok()?;
    Some(Key { id: id.parse().ok().filter(|id| *id != 0)?, bytes })
}

/// Written aside and linked into place: nobody ever reads half a key, and of two makers one wins.
fn create(path: &Path, rng: &mut dyn CryptoRng) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;

    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(key.as_mut());
    let mut suffix = [0; 8];
    rng.fill_bytes(&mut suffix);
    let aside = folder.join(format!(".key-{}", hex::encode(suffix)));

    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    // A permissive or a strict umask must not matter.
    file.set_permissions(Permissions::from_mode(0o600))?;
    let text = Zeroizing::new(format!("{HEADER}1 {}\n", *Zeroizing::new(hex::encode(*key))));
    let linked =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::hard_link(&aside, path));
    fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn rng(seed: u64) -> StdRng {
        StdRng::seed_from_u64(seed)
    }

    #[test]
    fn the_first_start_makes_a_private_file_and_the_second_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etc/seal.key");
        let sealed = Sealer::create_or_open(&path, &mut rng(1)).unwrap().seal(b"secret", "row", &mut rng(2));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let again = Sealer::create_or_open(&path, &mut rng(3)).unwrap();
        assert_eq!(again.open(&sealed, "row").unwrap().as_slice(), b"secret");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["seal.key"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_its_repair() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Sealer::create_or_open(&path, &mut rng(1)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = Sealer::create_or_open(&path, &mut rng(1)).unwrap_err().to_string();
        assert!(error.contains("mode 0640") && error.contains(&format!("chmod 600 {}", path.display())), "{error}");
    }

    #[test]
    fn two_makers_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        create(&path, &mut rng(1)).unwrap();
        create(&path, &mut rng(2)).unwrap();
        let sealed = Sealer::create_or_open(&path, &mut rng(3)).unwrap().seal(b"secret", "row", &mut rng(4));
        assert!(Sealer::create_or_open(&path, &mut rng(5)).unwrap().open(&sealed, "row").is_ok());
    }

    #[test]
    fn an_added_line_becomes_the_key_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let old = Sealer::create_or_open(&path, &mut rng(1)).unwrap().seal(b"secret", "row", &mut rng(2));
        let text = format!("{}2 {}\n", fs::read_to_string(&path).unwrap(), "ab".repeat(32));
        fs::write(&path, text).unwrap();
        let sealer = Sealer::create_or_open(&path, &mut rng(3)).unwrap();
        assert!(sealer.is_outdated(&old) && sealer.open(&old, "row").is_ok());
    }

    #[test]
    fn damage_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        Sealer::create_or_open(&path, &mut rng(1)).unwrap();
        for damage in ["0 {}", "1 {}", "2 abcd", "x {}", "2"] {
            let line = damage.replace("{}", &"ab".repeat(32));
            fs::write(&path, format!("1 {}\n{line}\n", "cd".repeat(32))).unwrap();
            let error = Sealer::create_or_open(&path, &mut rng(1)).unwrap_err();
            assert!(matches!(error, KeyFileError::Malformed { line: 2, .. }), "{damage}: {error}");
        }
        fs::write(&path, "").unwrap();
        assert!(matches!(Sealer::create_or_open(&path, &mut rng(1)), Err(KeyFileError::Empty { .. })));
    }
}
