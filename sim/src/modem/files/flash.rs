//! What is kept in a modem's flash; it outlives a restart.

/// The names that Quectel keeps in memory only.
const VOLATILE: &str = "ram:";

/// A file system.
#[derive(Debug)]
pub(crate) struct Flash {
    files: Vec<(String, Vec<u8>)>,
    capacity: usize,
}

impl Flash {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { files: Vec::new(), capacity }
    }

    /// Names as they were given, and sizes.
    pub(crate) fn list(&self) -> Vec<(String, usize)> {
        self.files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect()
    }

    pub(crate) fn read(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| same(known, name)).map(|(_, bytes)| bytes.as_slice())
    }

    /// Puts a file there, in the place of one of that name.
    pub(crate) fn write(&mut self, name: &str, bytes: Vec<u8>) {
        self.remove(name);
        self.files.push((name.to_owned(), bytes));
    }

    /// Adds to a file.
    pub(crate) fn append(&mut self, name: &str, more: &[u8]) {
        if let Some((_, bytes)) = self.files.iter_mut().find(|(known, _)| same(known, name)) {
            bytes.extend(more);
        }
    }

    /// Whether there was such a file.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.files.len();
        self.files.retain(|(known, _)| !same(known, name));
        self.files.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.files.clear();
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn free(&self) -> usize {
        let used: usize = self.files.iter().map(|(_, bytes)| bytes.len()).sum();
        self.capacity.saturating_sub(used)
    }

    /// The power was off.
    pub(crate) fn forget_volatile(&mut self) {
        self.files.retain(|(name, _)| !name.to_ascii_lowercase().starts_with(VOLATILE));
    }
}

/// Letters of any case, and slashes of either kind.
fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('\\', "/");
    plain(one) == plain(other)
}
