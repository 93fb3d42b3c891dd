-- The operator sees the incidents of all accounts.
CREATE INDEX incident_by_time ON incident (began_at, id);
CREATE INDEX incident_going_on ON incident (began_at, id) WHERE ended_at IS NULL;
