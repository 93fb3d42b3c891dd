//! Who can be called, and who may register: the line directory in memory, fed user by user.
//!
//! Any thread may read or change it. Readers get shared users, so a lookup copies nothing; whoever must act on a change
//! (the registrar, which drops the bindings of a line that lost its right) listens with [`Directory::on_change`].

use std::{
    borrow::{Borrow, Cow},
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use foldhash::HashMap;
use lineside_model::{
    directory::{DirectoryAccount, DirectoryLine, DirectoryTrunk, DirectoryUser, trunks_of},
    extension::Extension,
    id::{AccountId, LineId, UserId},
};

/// Shared between threads; cloning gives another handle to the same directory.
#[derive(Clone, Default)]
pub struct Directory {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    index: RwLock<Index>,
    listeners: RwLock<Vec<Listener>>,
}

type Listener = Box<dyn Fn(&Changed) + Send + Sync>;

/// What became different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    User(UserId),
    /// All users.
    Everything,
    Trunks,
}

/// A line, with the user that it belongs to.
#[derive(Debug, Clone)]
pub struct FoundLine {
    pub user: Arc<DirectoryUser>,
    position: usize,
}

impl FoundLine {
    pub fn line(&self) -> &DirectoryLine {
        &self.user.lines[self.position]
    }
}

#[derive(Default)]
struct Index {
    users: HashMap<UserId, Arc<DirectoryUser>>,
    /// By domain, then by the line's user name. Domains are compared without case (RFC 3261 section 19.1.4).
    lines: HashMap<String, HashMap<String, FoundLine>>,
    line_owners: HashMap<LineId, UserId>,
    extensions: HashMap<AccountId, HashMap<Extension, Arc<DirectoryUser>>>,
    /// By E.164 with its `+`.
    numbers: HashMap<String, Arc<DirectoryUser>>,
    accounts: HashMap<AccountId, Arc<DirectoryAccount>>,
    trunks: Vec<Arc<DirectoryTrunk>>,
}

impl Directory {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user, or takes a new state of one.
    pub fn put(&self, user: DirectoryUser) {
        let id = user.user_id;
        self.write().put(user);
        self.tell(&Changed::User(id));
    }

    pub fn remove(&self, user: UserId) {
        self.write().remove(user);
        self.tell(&Changed::User(user));
    }

    /// Takes a whole new directory; nobody sees half of it.
    pub fn replace_all(&self, users: impl IntoIterator<Item = DirectoryUser>) {
        let mut index = Index::default();
        for user in users {
            index.put(user);
        }
        let mut current = self.write();
        index.accounts = std::mem::take(&mut current.accounts);
        index.trunks = std::mem::take(&mut current.trunks);
        *current = index;
        drop(current);
        self.tell(&Changed::Everything);
    }

    pub fn user(&self, user: UserId) -> Option<Arc<DirectoryUser>> {
        self.read().users.get(&user).cloned()
    }

    /// The line that signs in with this user name in this domain.
    pub fn line(&self, domain: &str, username: &str) -> Option<FoundLine> {
        self.read().lines.get(lower(domain).as_ref())?.get(username).cloned()
    }

    /// The user that a line belongs to now.
    pub fn owner(&self, line: LineId) -> Option<FoundLine> {
        let index = self.read();
        let user = index.users.get(index.line_owners.get(&line)?)?;
        let position = user.lines.iter().position(|candidate| candidate.line_id == line)?;
        Some(FoundLine { user: user.clone(), position })
    }

    pub fn extension(&self, account: AccountId, extension: &Extension) -> Option<Arc<DirectoryUser>> {
        self.read().extensions.get(&account)?.get(extension).cloned()
    }

    /// Whose number it is, in whichever account: E.164 with its `+`.
    pub fn number(&self, number: &str) -> Option<Arc<DirectoryUser>> {
        self.read().numbers.get(number).cloned()
    }

    pub fn account(&self, account: AccountId) -> Option<Arc<DirectoryAccount>> {
        self.read().accounts.get(&account).cloned()
    }

    /// Adds an account, or takes a new state of one.
    pub fn put_account(&self, account: DirectoryAccount) {
        self.write().accounts.insert(account.account_id, Arc::new(account));
    }

    /// All accounts anew.
    pub fn replace_accounts(&self, accounts: impl IntoIterator<Item = DirectoryAccount>) {
        let accounts = accounts.into_iter().map(|account| (account.account_id, Arc::new(account))).collect();
        self.write().accounts = accounts;
    }

    /// All trunks anew. There are few of them.
    pub fn replace_trunks(&self, trunks: impl IntoIterator<Item = DirectoryTrunk>) {
        self.write().trunks = trunks.into_iter().map(Arc::new).collect();
        self.tell(&Changed::Trunks);
    }

    pub(crate) fn trunks(&self) -> Vec<Arc<DirectoryTrunk>> {
        self.read().trunks.clone()
    }

    /// Somebody's domain, and so none that a carrier would name.
    pub(crate) fn has_domain(&self, domain: &str) -> bool {
        self.read().lines.contains_key(lower(domain).as_ref())
    }

    /// A trunk of the account's or the operator's takes its calls.
    pub fn has_trunk(&self, account: AccountId) -> bool {
        !trunks_of(self.read().trunks.iter().map(AsRef::as_ref), account, false).is_empty()
    }

    /// Calls `listener` after every change, on the thread that made it; it must not block, nor change the directory.
    pub fn on_change(&self, listener: impl Fn(&Changed) + Send + Sync + 'static) {
        self.shared.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    fn tell(&self, changed: &Changed) {
        for listener in self.shared.listeners.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(changed);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.shared.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({} users)", self.read().users.len())
    }
}

impl Index {
    fn put(&mut self, user: DirectoryUser) {
        self.remove(user.user_id);
        let user = Arc::new(user);
        for (position, line) in user.lines.iter().enumerate() {
            let domain = self.lines.entry(user.sip_domain.to_ascii_lowercase()).or_default();
            domain.insert(line.username.clone(), FoundLine { user: user.clone(), position });
            self.line_owners.insert(line.line_id, user.user_id);
        }
        if let Some(extension) = &user.extension {
            self.extensions.entry(user.account_id).or_default().insert(extension.clone(), user.clone());
        }
        for number in user.numbers.iter().chain(&user.answers) {
            self.numbers.insert(number.as_str().to_owned(), user.clone());
        }
        self.users.insert(user.user_id, user);
    }

    /// Takes out what still leads to this user: a number or line that moved on to another stays theirs, whichever of the
    /// two users was put first.
    fn remove(&mut self, id: UserId) {
        let Some(user) = self.users.remove(&id) else { return };
        if let Some(domain) = self.lines.get_mut(lower(&user.sip_domain).as_ref()) {
            for line in &user.lines {
                remove_if(domain, line.username.as_str(), |found| found.user.user_id == id);
                remove_if(&mut self.line_owners, &line.line_id, |owner| *owner == id);
            }
            if domain.is_empty() {
                self.lines.remove(lower(&user.sip_domain).as_ref());
            }
        }
        if let (Some(extension), Some(account)) = (&user.extension, self.extensions.get_mut(&user.account_id)) {
            remove_if(account, extension, |found| found.user_id == id);
            if account.is_empty() {
                self.extensions.remove(&user.account_id);
            }
        }
        for number in user.numbers.iter().chain(&user.answers) {
            remove_if(&mut self.numbers, number.as_str(), |found| found.user_id == id);
        }
    }
}

fn remove_if<K, Q, V>(map: &mut HashMap<K, V>, key: &Q, matches: impl Fn(&V) -> bool)
where
    K: Borrow<Q> + std::hash::Hash + Eq,
    Q: std::hash::Hash + Eq + ?Sized,
{
    if map.get(key).is_some_and(matches) {
        map.remove(key);
    }
}

fn lower(domain: &str) -> Cow<'_, str> {
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fixture;

    #[test]
    fn a_line_is_found_by_domain_and_name() {
        let directory = Directory::new();
        directory.put(fixture::user_with_number(1, "201"));
        let found = directory.line("PBX.example.com", "line201").unwrap();
        assert_eq!(found.line().line_id, fixture::line_id(1));
        assert!(directory.line("other.example.com", "line201").is_none());
        assert!(directory.line("pbx.example.com", "LINE201").is_none(), "user names are compared with case");
    }

    #[test]
    fn a_new_state_leaves_nothing_of_the_old() {
        let directory = Directory::new();
        directory.put(fixture::user_with_number(1, "201"));
        let mut moved = fixture::user(1, "301");
        moved.numbers.clear();
        directory.put(moved);
        let account = fixture::account_id();
        assert!(directory.extension(account, &Extension::parse("201").unwrap()).is_none());
        assert!(directory.extension(account, &Extension::parse("301").unwrap()).is_some());
        assert!(directory.number(fixture::number(1).as_str()).is_none());
        assert!(directory.line("pbx.example.com", "line201").is_none());
    }

    #[test]
    fn a_number_that_was_swapped_is_kept_in_either_order() {
        for first in [1, 2] {
            let directory = Directory::new();
            directory.put(fixture::user_with_number(1, "201"));
            directory.put(fixture::user_with_number(2, "202"));
            let (mut one, mut two) = (fixture::user_with_number(1, "201"), fixture::user_with_number(2, "202"));
            std::mem::swap(&mut one.numbers, &mut two.numbers);
            let order = if first == 1 { [one, two] } else { [two, one] };
            for user in order {
                directory.put(user);
            }
            let owner = directory.number(fixture::number(1).as_str()).unwrap();
            assert_eq!(owner.user_id, fixture::user_id(2));
        }
    }

    #[test]
    fn another_accounts_extensions_do_not_exist() {
        let directory = Directory::new();
        directory.put(fixture::user_with_number(1, "201"));
        let stranger = AccountId(uuid::Uuid::from_u128(99));
        assert!(directory.extension(stranger, &Extension::parse("201").unwrap()).is_none());
    }

    #[test]
    fn listeners_are_told_after_the_change() {
        let directory = Directory::new();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (seen, reader) = (heard.clone(), directory.clone());
        directory.on_change(move |changed| {
            seen.lock().unwrap().push((changed.clone(), reader.user(fixture::user_id(1)).is_some()));
        });
        directory.put(fixture::user_with_number(1, "201"));
        directory.replace_all([]);
        let expected = [(Changed::User(fixture::user_id(1)), true), (Changed::Everything, false)];
        assert_eq!(*heard.lock().unwrap(), expected);
    }
}
