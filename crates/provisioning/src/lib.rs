//! Phones' configuration files from one neutral device description.
