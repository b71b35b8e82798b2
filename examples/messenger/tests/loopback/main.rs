//! The program as it is run: a hub and two peers, which on this machine's loopback have no road but the hub; and clients that mean no good.

mod bad_clients;
mod people;
mod programs;
