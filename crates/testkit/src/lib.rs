//! The program in a test: both engines, fixtures, a clock to turn, a carrier and a mail server that are fake.
