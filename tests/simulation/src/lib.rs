//! The simulator: phones, servers, networks and disks in one thread, from one seed.
