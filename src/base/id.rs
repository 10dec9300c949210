//! Typed ids, so that a customer is never mistaken for a touchpoint.

/// A customer's position in a store, in order of first appearance in the data. Only meaningful within one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerId(pub u32);

/// An event name's code in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TouchpointId(pub u32);

impl CustomerId {
    pub fn idx(self) -> usize {
        self.0 as usize
    }
}

impl TouchpointId {
    pub fn idx(self) -> usize {
        self.0 as usize
    }
}
