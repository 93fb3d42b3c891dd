//! SIP as a protocol, sans-IO: bytes and time in, bytes and timers out.
