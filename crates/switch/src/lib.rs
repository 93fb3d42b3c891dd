//! Calls: registrar, routing, and the sockets around sip and media.
