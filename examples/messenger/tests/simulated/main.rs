//! Two peers in a network that is made of queues and a clock of its own: a test of minutes takes none.

mod bad_friends;
mod calls;
mod files;
mod world;
