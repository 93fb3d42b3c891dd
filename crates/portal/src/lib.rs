//! The web pages, and the phones' provisioning endpoint.
