-- Every statement of the journal, once, in the words of PostgreSQL; `statements.py` turns them into SQLite's.
--
--   -- one: name                        a statement with :named parameters
--   -- rows: name (column type, ...)    a statement run for many rows at once; :column is the row's value, and
--                                       `INSERT INTO t (*)` inserts all the columns named in the header
--   -- one: name @sqlite                only for that database
--
-- `= ANY(:list::type[])`, `UNNEST(:list::type[]) AS x(y)` and `FOR UPDATE ...` may be used: SQLite has a form for each.

-- ---------------------------------------------------------------------------------------------------- time and locks

-- one: now @postgresql
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint

-- one: lock_name @postgresql
SELECT pg_advisory_xact_lock(:space::int, hashtext(:name))

-- one: payload_block @postgresql
SELECT nextval('payload_block')

-- one: last_payload @sqlite
SELECT coalesce(max(id), 0) FROM payload

-- one: revision
SELECT version_num FROM alembic_version

-- ---------------------------------------------------------------------------------------------------- payloads

-- rows: add_payload (id bigint, content_type text, size bigint, data bytea)
INSERT INTO payload (*)

-- one: add_payloads @postgresql
INSERT INTO payload (id, content_type, size, data)
SELECT r.id, r.content_type, r.size, CASE WHEN r.start > 0 THEN substring(:data::bytea FROM r.start FOR r.size) END
FROM json_to_recordset(:rows::json) AS r(id bigint, content_type text, size int, start int)

-- rows: add_chunk (payload_id bigint, n bigint, data bytea)
INSERT INTO payload_chunk (*)

-- one: add_one_chunk @postgresql
INSERT INTO payload_chunk (payload_id, n, data) VALUES (:payload_id, :n, :data)

-- one: chunks
SELECT data FROM payload_chunk WHERE payload_id = :payload_id ORDER BY n

-- one: one_chunk
SELECT data FROM payload_chunk WHERE payload_id = :payload_id AND n = :n

-- one: payload
SELECT content_type, size, data FROM payload WHERE id = :id

-- ---------------------------------------------------------------------------------------------------- messages

-- rows: add_inbox (source text, dedupe_key text, message_id text, at bigint)
INSERT INTO inbox (*) ON CONFLICT DO NOTHING

-- one: inbox_holders
SELECT source, dedupe_key, message_id FROM inbox
WHERE source = ANY(:sources::text[]) AND dedupe_key = ANY(:keys::text[])

-- rows: add_message (id text, causation_id text, correlation_id text, part bigint, route text, release text, source text, partner text, state text, resume bigint, answered bigint, name text, headers text, keys text, traceparent text, received_at bigint, changed_at bigint, attempts bigint, deliveries bigint, payload_id bigint, original_id bigint, held text, error text)
INSERT INTO message (*)

-- one: known_messages
SELECT id FROM message WHERE id = ANY(:ids::text[])

-- rows: end_run (id text, state text, resume bigint, answered bigint, headers text, keys text, held text, payload_id bigint, error text, attempts bigint, deliveries bigint, changed_at bigint)
UPDATE message SET state = :state, resume = :resume, answered = :answered, headers = :headers, keys = :keys, held = :held, payload_id = :payload_id,
  error = :error, attempts = :attempts, deliveries = :deliveries, changed_at = :changed_at
WHERE message.id = :id

-- one: load_messages
SELECT m.id, m.causation_id, m.correlation_id, m.route, m.release, m.source, m.partner, m.resume, m.answered, m.headers, m.keys,
  m.traceparent, m.received_at, m.held, p.id, p.content_type, p.size, p.data
FROM message m LEFT JOIN payload p ON p.id = m.payload_id
WHERE m.id = ANY(:ids::text[])

-- one: routes_of
SELECT id, route FROM message WHERE id = ANY(:ids::text[])

-- rows: add_business_key (value text, name text, root text)
INSERT INTO business_key (*) ON CONFLICT DO NOTHING

-- rows: add_event (ref text, at bigint, nr bigint, kind text, note text, author text, data text)
INSERT INTO event (*)

-- ---------------------------------------------------------------------------------------------------- claims and numbers

-- rows: expire_claim (scope text, key text, now bigint)
DELETE FROM claim WHERE claim.scope = :scope AND claim.key = :key AND claim.expires_at <= :now

-- rows: take_claim (scope text, key text, message_id text, expires_at bigint)
INSERT INTO claim (*) ON CONFLICT DO NOTHING

-- one: claim_holders
SELECT scope, key, message_id FROM claim WHERE scope = ANY(:scopes::text[]) AND key = ANY(:keys::text[])

-- rows: set_claim (scope text, key text, message_id text, expires_at bigint)
UPDATE claim SET message_id = :message_id, expires_at = :expires_at WHERE claim.scope = :scope AND claim.key = :key

-- rows: drop_claim (scope text, key text)
DELETE FROM claim WHERE claim.scope = :scope AND claim.key = :key

-- rows: add_counter (scope text, value bigint)
INSERT INTO counter (*) ON CONFLICT DO NOTHING

-- one: lock_counters
SELECT scope, value FROM counter WHERE scope = ANY(:scopes::text[]) ORDER BY scope FOR UPDATE

-- rows: set_counter (scope text, value bigint)
UPDATE counter SET value = :value WHERE counter.scope = :scope

-- ---------------------------------------------------------------------------------------------------- the queue

-- rows: add_work (lane text, ref text, state text, due_at bigint, order_key text)
INSERT INTO work (*)

-- one: claim_work
WITH picked AS (
  SELECT seq FROM work WHERE lane = :lane AND state = 'ready' AND due_at <= :now
  ORDER BY due_at, seq LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE work SET state = 'leased', attempts = attempts + 1, first_at = CASE first_at WHEN 0 THEN :now ELSE first_at END,
  fence = fence + 1, lease_until = :until, owner = :owner
FROM picked WHERE work.seq = picked.seq
RETURNING work.seq, ref, attempts, fence, first_at, due_at

-- one: lock_work
SELECT seq, fence, order_key FROM work WHERE seq = ANY(:seqs::bigint[]) AND state = 'leased' ORDER BY seq FOR UPDATE

-- one: lock_runs
SELECT w.seq, w.fence, m.payload_id, m.deliveries, w.order_key FROM work w JOIN message m ON m.id = w.ref
WHERE w.seq = ANY(:seqs::bigint[]) AND w.state = 'leased' ORDER BY w.seq FOR UPDATE OF w

-- one: extend_work
UPDATE work SET lease_until = :until WHERE seq = ANY(:seqs::bigint[])

-- one: return_work
UPDATE work SET state = 'ready', attempts = attempts - 1, first_at = CASE attempts WHEN 1 THEN 0 ELSE first_at END,
  lease_until = NULL, owner = ''
WHERE seq = ANY(:seqs::bigint[])

-- rows: requeue_work (seq bigint, due_at bigint, attempts bigint)
UPDATE work SET state = 'ready', due_at = :due_at, attempts = :attempts, lease_until = NULL, owner = '',
  first_at = CASE :attempts WHEN 0 THEN 0 ELSE first_at END
WHERE work.seq = :seq

-- one: hold_work
UPDATE work SET state = 'held', lease_until = NULL, owner = '' WHERE seq = ANY(:seqs::bigint[])

-- one: drop_work
DELETE FROM work WHERE seq = ANY(:seqs::bigint[])

-- one: busy_order_keys
SELECT DISTINCT order_key FROM work WHERE order_key = ANY(:keys::text[]) AND order_key <> ''

-- one: promote_work
UPDATE work SET state = 'ready', due_at = :now
WHERE state = 'waiting' AND seq IN (
  SELECT min(seq) FROM work WHERE order_key = ANY(:keys::text[]) AND order_key <> '' GROUP BY order_key)
RETURNING lane

-- one: any_expired
SELECT 1 FROM work WHERE state = 'leased' AND lease_until <= :now LIMIT 1

-- one: sweep_work
WITH picked AS (
  SELECT seq FROM work WHERE state = 'leased' AND lease_until <= :now ORDER BY seq FOR UPDATE SKIP LOCKED)
UPDATE work SET state = 'ready', lease_until = NULL, owner = '' FROM picked WHERE work.seq = picked.seq

-- one: lane_dues
WITH RECURSIVE found(lane) AS (
  SELECT min(lane) FROM work WHERE state = 'ready'
  UNION ALL
  SELECT (SELECT min(w.lane) FROM work w WHERE w.state = 'ready' AND w.lane > found.lane) FROM found WHERE found.lane IS NOT NULL)
SELECT lane, (SELECT min(w.due_at) FROM work w WHERE w.state = 'ready' AND w.lane = found.lane) FROM found WHERE lane IS NOT NULL

-- one: first_expiry
SELECT min(lease_until) FROM work WHERE state = 'leased'

-- one: lanes
SELECT lane,
  sum(CASE WHEN state = 'ready' AND due_at <= :now THEN 1 ELSE 0 END)::bigint,
  sum(CASE WHEN state = 'waiting' OR state = 'ready' AND due_at > :now THEN 1 ELSE 0 END)::bigint,
  sum(CASE WHEN state = 'leased' THEN 1 ELSE 0 END)::bigint,
  min(CASE WHEN state = 'leased' OR state = 'ready' AND due_at <= :now THEN due_at END)
FROM work WHERE state <> 'held' GROUP BY lane ORDER BY lane

-- ---------------------------------------------------------------------------------------------------- waiting

-- rows: add_waiting (message_id text, kind text, scope text, key text, place text, note text, node bigint, at bigint, n bigint, total bigint, closes bigint)
INSERT INTO waiting (*) ON CONFLICT DO NOTHING

-- one: waiting_for
SELECT message_id, node FROM waiting WHERE kind = :kind AND scope = :scope AND key = :key ORDER BY seq

-- one: waiting_one
SELECT message_id, node FROM waiting WHERE message_id = :id AND kind = :kind

-- one: members
SELECT message_id, at, n, total, closes, node FROM waiting WHERE kind = 'gather' AND scope = :scope AND key = :key ORDER BY seq

-- one: stop_waiting
DELETE FROM waiting WHERE message_id = ANY(:ids::text[])

-- one: held_of
SELECT id, held, route, partner FROM message WHERE id = ANY(:ids::text[])

-- rows: hold (id text, held text)
UPDATE message SET held = :held WHERE message.id = :id

-- one: run_now
UPDATE work SET due_at = :now WHERE ref = ANY(:ids::text[]) AND lane = ANY(:lanes::text[]) AND state = 'ready'

-- rows: gathered (id text, state text, changed_at bigint)
UPDATE message SET state = :state, changed_at = :changed_at WHERE message.id = :id

-- one: gathering
SELECT timer_at, last FROM gathering WHERE ref = :ref

-- rows: set_gathering (ref text, timer_at bigint, last bigint)
INSERT INTO gathering (*) ON CONFLICT (ref) DO UPDATE SET timer_at = excluded.timer_at, last = excluded.last

-- one: drop_gathering
DELETE FROM gathering WHERE ref = :ref

-- one: parked
SELECT w.message_id, m.route, m.partner, w.key, w.note, w.place, w.at, m.keys, m.correlation_id
FROM waiting w JOIN message m ON m.id = w.message_id
WHERE w.kind = :kind AND (:route = '' OR m.route = :route) AND (:key = '' OR w.key = :key)
ORDER BY w.seq LIMIT :limit

-- rows: add_answer (root text, payload_id bigint, status bigint, at bigint)
INSERT INTO answer (*) ON CONFLICT DO NOTHING

-- one: answer
SELECT a.status, a.payload_id FROM answer a WHERE a.root = :root

-- one: family_failed
SELECT error FROM message WHERE (id = :root OR id >= :first AND id < :beyond) AND state IN ('failed', 'duplicate') ORDER BY id LIMIT 1

-- ---------------------------------------------------------------------------------------------------- deliveries

-- rows: add_delivery (id text, message_id text, endpoint text, operation text, key text, order_key text, reply_to text, name text, place text, policies text, node bigint, state text, effect text, attempts bigint, reference text, payload_id bigint, created_at bigint)
INSERT INTO delivery (*)

-- one: load_deliveries
SELECT d.id, d.endpoint, d.operation, d.key, d.reply_to, d.name, d.place, d.policies, d.node, d.effect,
  m.id, m.causation_id, m.correlation_id, m.route, m.release, m.source, m.partner, m.resume, m.answered, m.headers, m.keys,
  m.traceparent, m.received_at, m.held, p.id, p.content_type, p.size, p.data
FROM delivery d JOIN message m ON m.id = d.message_id JOIN payload p ON p.id = d.payload_id
WHERE d.id = ANY(:ids::text[])

-- rows: add_effect (delivery_id text, seq bigint, fence bigint, attempt bigint, state text, intended_at bigint)
INSERT INTO effect (*) ON CONFLICT DO NOTHING

-- one: intend_deliveries
UPDATE delivery SET effect = 'intended' WHERE id = ANY(:ids::text[])

-- rows: end_effect (delivery_id text, seq bigint, fence bigint, state text, done_at bigint, reference text, note text)
UPDATE effect SET state = :state, done_at = :done_at, reference = :reference, note = :note
WHERE effect.delivery_id = :delivery_id AND effect.seq = :seq AND effect.fence = :fence

-- rows: end_attempt (id text, state text, effect text, attempts bigint, reference text, error text, done_at bigint)
UPDATE delivery SET state = :state, effect = :effect, attempts = :attempts, reference = :reference, error = :error,
  done_at = :done_at
WHERE delivery.id = :id

-- ---------------------------------------------------------------------------------------------------- exchanges

-- rows: add_exchange (id text, dialect text, direction text, partner text, document text, version text, interchange text, group_control text, transaction_control text, keys text, message_id text, delivery_id text, at bigint, ack_window bigint, state text)
INSERT INTO exchange (*) ON CONFLICT DO NOTHING

-- rows: add_expectation (exchange_id text, document text, partner text, name text, value text, due_at bigint, state text)
INSERT INTO expectation (*) ON CONFLICT DO NOTHING

-- rows: meet_expectation (value text, partner text, document text, met_by text)
UPDATE expectation SET state = 'met', met_by = :met_by
WHERE expectation.value = :value AND expectation.partner = :partner AND expectation.document = :document AND expectation.state <> 'met'

-- rows: send_exchange (delivery_id text, now bigint)
UPDATE exchange SET sent_at = :now, due_at = :now + ack_window
WHERE exchange.delivery_id = :delivery_id AND exchange.direction = 'out' AND exchange.sent_at IS NULL

-- one: sent_in_groups
SELECT id, dialect, partner, document, interchange, group_control, transaction_control, state, delivery_id, at
FROM exchange WHERE direction = 'out' AND partner = ANY(:partners::text[]) AND group_control = ANY(:numbers::text[]) FOR UPDATE

-- one: sent_in_interchanges
SELECT id, dialect, partner, document, interchange, group_control, transaction_control, state, delivery_id, at
FROM exchange WHERE direction = 'out' AND partner = ANY(:partners::text[]) AND interchange = ANY(:numbers::text[]) FOR UPDATE

-- rows: settle_exchange (id text, state text, answered_at bigint, ack text, ack_message_id text, reason text)
UPDATE exchange SET state = :state, answered_at = :answered_at, ack = :ack, ack_message_id = :ack_message_id, reason = :reason
WHERE exchange.id = :id

-- rows: arrive_exchange (id text, arrived_at bigint)
UPDATE exchange SET arrived_at = :arrived_at WHERE exchange.id = :id

-- rows: reject_delivery (id text, now bigint, error text)
UPDATE delivery SET state = 'failed', error = :error, done_at = :now WHERE delivery.id = :id AND delivery.state = 'delivered'

-- one: reject_delivered
UPDATE delivery SET state = 'failed', error = exchange.reason FROM exchange
WHERE exchange.delivery_id = delivery.id AND exchange.state = 'rejected' AND exchange.direction = 'out'
  AND delivery.id = ANY(:ids::text[]) AND delivery.state = 'delivered'

-- one: accept_deliveries
UPDATE delivery SET state = 'delivered', error = NULL
WHERE delivery.id = ANY(:ids::text[]) AND delivery.state = 'failed' AND delivery.effect = 'confirmed' AND NOT EXISTS (
  SELECT 1 FROM exchange WHERE exchange.delivery_id = delivery.id AND exchange.direction = 'out' AND exchange.state = 'rejected')

-- one: await_again
UPDATE exchange SET delivery_id = :new_id, state = CASE WHEN ack_window IS NULL THEN 'sent' ELSE 'waiting' END,
  sent_at = NULL, due_at = NULL, arrived_at = NULL, answered_at = NULL, ack = '', ack_message_id = '', reason = NULL
WHERE delivery_id = :id AND direction = 'out'

-- one: close_exchanges
UPDATE exchange SET state = 'closed' WHERE delivery_id = :id AND direction = 'out' AND state IN ('waiting', 'overdue', 'rejected')

-- one: late_exchanges
SELECT e.id, e.dialect, e.partner, e.document, e.interchange, e.group_control, e.transaction_control, e.keys, e.sent_at, e.due_at,
  m.id, m.correlation_id, m.route, m.release, m.keys, m.traceparent
FROM exchange e JOIN message m ON m.id = e.message_id
WHERE e.state = 'waiting' AND e.due_at <= :now ORDER BY e.due_at LIMIT :limit

-- one: late_expectations
SELECT x.exchange_id, x.document, x.partner, x.name, x.value, x.due_at, e.document, e.direction, e.at,
  m.id, m.correlation_id, m.route, m.release, m.keys, m.traceparent
FROM expectation x JOIN exchange e ON e.id = x.exchange_id JOIN message m ON m.id = e.message_id
WHERE x.state = 'open' AND x.due_at <= :now ORDER BY x.due_at LIMIT :limit

-- one: mark_overdue
UPDATE exchange SET state = 'overdue' WHERE id = :id AND state = 'waiting' AND due_at <= :now

-- one: mark_missing
UPDATE expectation SET state = 'missing' WHERE exchange_id = :id AND document = :document AND state = 'open'

-- one: show_exchange
SELECT id, dialect, direction, partner, document, version, interchange, group_control, transaction_control, keys, message_id,
  delivery_id, at, sent_at, due_at, state, arrived_at, answered_at, ack, ack_message_id, reason
FROM exchange WHERE id = :id

-- one: open_exchanges
SELECT id, dialect, direction, partner, document, version, interchange, group_control, transaction_control, keys, message_id,
  delivery_id, at, sent_at, due_at, state, arrived_at, answered_at, ack, ack_message_id, reason
FROM exchange WHERE state = 'waiting' AND (:partner = '' OR partner = :partner) AND (:document = '' OR document = :document)
UNION ALL
SELECT id, dialect, direction, partner, document, version, interchange, group_control, transaction_control, keys, message_id,
  delivery_id, at, sent_at, due_at, state, arrived_at, answered_at, ack, ack_message_id, reason
FROM exchange WHERE state = 'overdue' AND (:partner = '' OR partner = :partner) AND (:document = '' OR document = :document)
UNION ALL
SELECT id, dialect, direction, partner, document, version, interchange, group_control, transaction_control, keys, message_id,
  delivery_id, at, sent_at, due_at, state, arrived_at, answered_at, ack, ack_message_id, reason
FROM exchange WHERE state = 'rejected' AND (:partner = '' OR partner = :partner) AND (:document = '' OR document = :document)
ORDER BY 1 DESC LIMIT :limit

-- one: list_exchanges
SELECT id, dialect, direction, partner, document, version, interchange, group_control, transaction_control, keys, message_id,
  delivery_id, at, sent_at, due_at, state, arrived_at, answered_at, ack, ack_message_id, reason
FROM exchange WHERE (:before = '' OR id < :before) AND (:partner = '' OR partner = :partner) AND (:state = '' OR state = :state)
  AND (:document = '' OR document = :document)
ORDER BY id DESC LIMIT :limit

-- one: list_missing
SELECT x.exchange_id, x.document, x.partner, e.document, x.name, x.value, x.due_at, x.state, e.message_id
FROM expectation x JOIN exchange e ON e.id = x.exchange_id
WHERE x.state = 'missing' AND (:partner = '' OR x.partner = :partner) ORDER BY x.due_at LIMIT :limit

-- one: expectations_of
SELECT document, name, value, due_at, state, met_by FROM expectation WHERE exchange_id = :id ORDER BY due_at, document

-- one: close_exchange
UPDATE exchange SET state = 'closed' WHERE id = :id AND state IN ('waiting', 'overdue', 'rejected')

-- one: close_expectations
UPDATE expectation SET state = 'closed' WHERE exchange_id = :exchange_id AND state IN ('open', 'missing')

-- rows: move_claim (scope text, key text, message_id text)
UPDATE claim SET message_id = :message_id WHERE claim.scope = :scope AND claim.key = :key

-- ---------------------------------------------------------------------------------------------------- audit

-- one: audit_head
SELECT seq, hash FROM audit_head WHERE slot = 1 FOR UPDATE

-- one: audit_newest
SELECT seq, hash FROM audit_head WHERE slot = 1

-- one: move_audit_head
UPDATE audit_head SET seq = :seq, hash = :hash WHERE slot = 1

-- rows: add_audit (seq bigint, at bigint, actor text, via text, role text, action text, subject text, environment text, details text, hash text)
INSERT INTO audit (*)

-- one: search_audit
SELECT seq, at, actor, via, role, action, subject, environment, details, hash FROM audit
WHERE (:actor = '' OR actor = :actor) AND (:action = '' OR action = :action)
  AND (:subject = '' OR subject = :subject) AND at >= :since AND (:before = 0 OR seq < :before)
ORDER BY seq DESC LIMIT :limit

-- one: audit_rows
SELECT seq, at, actor, via, role, action, subject, environment, details, hash FROM audit
WHERE seq > :after ORDER BY seq LIMIT :limit

-- ---------------------------------------------------------------------------------------------------- tokens and approvals

-- one: add_token
INSERT INTO api_token (prefix, name, salt, hash, owner, created_at, expires_at)
VALUES (:prefix, :name, :salt, :hash, :owner, :now, :expires_at)

-- one: token
SELECT prefix, name, owner, created_at, expires_at, revoked_at, used_at, salt, hash FROM api_token WHERE prefix = :prefix

-- one: tokens
SELECT prefix, name, owner, created_at, expires_at, revoked_at, used_at FROM api_token ORDER BY created_at, prefix

-- one: living_tokens
SELECT prefix FROM api_token
WHERE (name = :name OR prefix = :name) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)

-- one: revoke_tokens
UPDATE api_token SET revoked_at = :now WHERE prefix = ANY(:prefixes::text[])

-- one: token_used
UPDATE api_token SET used_at = :now WHERE prefix = :prefix

-- one: add_approval
INSERT INTO approval (id, release_id, note, requester, people, requested_at, expires_at, state)
VALUES (:id, :release, :note, :requester, :people, :now, :expires_at, 'open')

-- one: lock_approval
SELECT id, release_id, note, requester, people, requested_at, expires_at, state, decider, reason, decided_at FROM approval
WHERE id = :id FOR UPDATE

-- one: approvals_of
SELECT id, release_id, note, requester, people, requested_at, expires_at, state, decider, reason, decided_at FROM approval
WHERE release_id = :release AND state = :state AND expires_at > :now ORDER BY requested_at DESC, id DESC LIMIT 1 FOR UPDATE

-- one: list_approvals
SELECT id, release_id, note, requester, people, requested_at, expires_at, state, decider, reason, decided_at FROM approval
WHERE (:state = '' OR state = :state) ORDER BY requested_at DESC, id DESC LIMIT :limit

-- one: decide_approval
UPDATE approval SET state = :state, decider = :decider, reason = :reason, decided_at = :now WHERE id = :id

-- one: use_approval
UPDATE approval SET state = 'used' WHERE id = :id

-- ---------------------------------------------------------------------------------------------------- retention

-- one: purge_candidates
SELECT m.id FROM message m
WHERE m.id > :after AND m.id < :ceiling AND m.correlation_id = m.id AND m.received_at < :before
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.ref = m.id AND e.kind = 'purged')
ORDER BY m.id LIMIT :limit

-- one: purge_bases
SELECT correlation_id, id FROM message WHERE id = ANY(:roots::text[])
UNION SELECT correlation_id, id FROM message WHERE correlation_id = ANY(:roots::text[]) AND part = 0 AND causation_id <> ''

-- one: busy_messages
SELECT DISTINCT b.base FROM UNNEST(:bases::text[]) AS b(base) JOIN message m ON m.id >= b.base AND m.id < b.base || '0'
WHERE m.state NOT IN ('done', 'filtered', 'split', 'duplicate', 'gathered', 'discarded') OR m.changed_at >= :before

-- one: busy_deliveries
SELECT DISTINCT b.base FROM UNNEST(:bases::text[]) AS b(base) JOIN delivery d ON d.id >= b.base AND d.id < b.base || '0'
WHERE d.state NOT IN ('delivered', 'discarded') OR coalesce(d.done_at, d.created_at) >= :before

-- one: busy_exchanges
SELECT DISTINCT b.base FROM UNNEST(:bases::text[]) AS b(base) JOIN exchange x ON x.id >= b.base AND x.id < b.base || '0'
WHERE x.state IN ('waiting', 'overdue', 'rejected')

-- one: busy_expectations
SELECT DISTINCT b.base FROM UNNEST(:bases::text[]) AS b(base)
JOIN expectation x ON x.exchange_id >= b.base AND x.exchange_id < b.base || '0'
WHERE x.state IN ('open', 'missing')

-- one: busy_claims
SELECT DISTINCT b.base FROM UNNEST(:bases::text[]) AS b(base)
JOIN claim c ON c.message_id >= b.base AND c.message_id < b.base || '0'
WHERE c.expires_at > :now

-- one: family_refs
SELECT m.id FROM UNNEST(:bases::text[]) AS b(base) JOIN message m ON m.id >= b.base AND m.id < b.base || '0'
UNION ALL SELECT d.id FROM UNNEST(:bases::text[]) AS b(base) JOIN delivery d ON d.id >= b.base AND d.id < b.base || '0'

-- one: family_payloads
SELECT payload_id FROM message WHERE id = ANY(:refs::text[]) AND payload_id IS NOT NULL
UNION SELECT original_id FROM message WHERE id = ANY(:refs::text[]) AND original_id IS NOT NULL
UNION SELECT payload_id FROM delivery WHERE id = ANY(:refs::text[])
UNION SELECT payload_id FROM answer WHERE root = ANY(:roots::text[])

-- one: payload_sizes
SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM payload WHERE id = ANY(:ids::bigint[]) AND content_type <> :purged

-- one: purge_chunks
DELETE FROM payload_chunk WHERE payload_id = ANY(:ids::bigint[])

-- one: purge_payloads
UPDATE payload SET content_type = :purged, size = 0, data = :nothing WHERE id = ANY(:ids::bigint[])

-- one: purge_events
DELETE FROM event WHERE ref = ANY(:refs::text[])

-- one: purge_headers
UPDATE message SET headers = '{}', held = '' WHERE id = ANY(:refs::text[])

-- one: stale_pickups
SELECT f.payload_id FROM pickup f JOIN payload p ON p.id = f.payload_id
WHERE f.removed_at < :before AND p.content_type <> :purged ORDER BY f.id LIMIT :limit

-- ---------------------------------------------------------------------------------------------------- releases, processes, leases

-- one: belongs
SELECT environment FROM belongs WHERE slot = 1

-- one: belong
INSERT INTO belongs (slot, environment, since) VALUES (1, :environment, :now) ON CONFLICT DO NOTHING

-- one: adopt
UPDATE belongs SET environment = :environment, since = :now WHERE slot = 1

-- one: add_release
INSERT INTO stored_release (id, files, environment, created_at, note, engine, signature)
VALUES (:id, :files, :environment, :created_at, :note, :engine, :signature)
ON CONFLICT (id) DO UPDATE SET signature = excluded.signature, files = excluded.files
WHERE stored_release.signature = '' OR stored_release.files = ''

-- one: load_release
SELECT id, files, coalesce((SELECT b.environment FROM belongs b WHERE b.slot = 1), stored_release.environment),
  created_at, note, engine, signature
FROM stored_release WHERE id = :id AND files <> ''

-- one: release_sizes
SELECT id, length(files) FROM stored_release WHERE id = ANY(:ids::text[])

-- one: stale_releases
SELECT r.id, length(r.files) FROM stored_release r
WHERE r.files <> '' AND r.created_at < :before AND NOT EXISTS (
  SELECT 1 FROM approval a WHERE a.release_id = r.id AND a.state IN ('open', 'approved') AND a.expires_at > :now)
ORDER BY r.created_at, r.id

-- one: releases_in_use
SELECT DISTINCT m.release FROM message m WHERE m.release = ANY(:ids::text[]) AND (
  m.state NOT IN ('done', 'filtered', 'split', 'duplicate', 'gathered', 'discarded')
  OR EXISTS (SELECT 1 FROM payload p WHERE p.id IN (m.payload_id, m.original_id) AND p.content_type <> :purged)
  OR EXISTS (SELECT 1 FROM delivery d JOIN payload p ON p.id = d.payload_id
    WHERE d.message_id = m.id AND (d.state NOT IN ('delivered', 'discarded') OR p.content_type <> :purged)))

-- one: drop_releases
DELETE FROM stored_release WHERE id = ANY(:ids::text[]) AND NOT EXISTS (
  SELECT 1 FROM deployment d WHERE d.release_id = stored_release.id OR d.candidate_id = stored_release.id)

-- one: empty_releases
UPDATE stored_release SET files = '' WHERE id = ANY(:ids::text[])

-- one: add_deployment
INSERT INTO deployment (number, release_id, act, actor, note, candidate_id, share, until, most_errors, approved, at)
SELECT :number::bigint, :release, :act, :actor, :note, :candidate, :share, :until, :most_errors, :approved, :at
WHERE :number::bigint - 1 = (SELECT coalesce(max(number), 0) FROM deployment)
ON CONFLICT DO NOTHING

-- one: deployments
SELECT number, release_id, act, actor, note, candidate_id, share, until, most_errors, approved, at
FROM deployment ORDER BY number DESC LIMIT :limit

-- one: received
SELECT m.id, m.route, m.partner, m.source, m.headers, m.received_at,
  coalesce((SELECT p.size FROM payload p WHERE p.id = coalesce(m.original_id, m.payload_id)), 0)
FROM message m
WHERE m.id >= :floor AND m.id > :after AND m.received_at >= :since AND m.causation_id = '' AND m.part = 0
  AND (:route = '' OR m.route = :route)
ORDER BY m.id LIMIT :limit

-- one: payload_received
SELECT coalesce(original_id, payload_id) FROM message WHERE id = :id

-- one: answers
SELECT d.endpoint, d.operation, d.payload_id, e.data
FROM UNNEST(:bases::text[]) AS b(base) JOIN delivery d ON d.id >= b.base AND d.id < b.base || '0' JOIN event e ON e.ref = d.id
WHERE d.reply_to LIKE '#%' AND e.kind IN ('delivered', 'discarded') ORDER BY e.at, e.nr

-- one: tallies
SELECT m.release, count(*), sum(CASE WHEN m.state = 'failed' OR EXISTS (
    SELECT 1 FROM delivery d WHERE d.message_id = m.id AND d.state IN ('failed', 'unknown')) THEN 1 ELSE 0 END)
FROM message m WHERE m.id >= :floor AND m.received_at >= :since GROUP BY m.release

-- one: in_flight
SELECT m.release, m.route, count(DISTINCT m.id) FROM message m
WHERE m.id IN (SELECT w.ref FROM work w WHERE w.lane LIKE 'route/%')
   OR m.id IN (SELECT d.message_id FROM work w JOIN delivery d ON d.id = w.ref WHERE w.lane LIKE 'to/%')
   OR m.id IN (SELECT message_id FROM waiting)
GROUP BY m.release, m.route

-- one: open_groups
SELECT scope, count(DISTINCT key), count(*) FROM waiting WHERE kind = 'gather' GROUP BY scope ORDER BY scope

-- one: beat
INSERT INTO process (name, role, at, detail) VALUES (:name, :role, :now, :detail)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, at = excluded.at, detail = excluded.detail

-- one: forget_processes
DELETE FROM process WHERE at < :before

-- one: processes
SELECT name, role, at, detail FROM process WHERE at >= :since ORDER BY name

-- one: hold_lease
INSERT INTO lease (name, owner, until) VALUES (:name, :owner, :until)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE lease.owner = excluded.owner OR lease.until <= :now

-- one: drop_leases
DELETE FROM lease WHERE owner = :owner

-- one: poll
SELECT name, route, state, version, looked_at, due_at, trouble FROM poll WHERE name = :name

-- one: polls
SELECT name, route, state, version, looked_at, due_at, trouble FROM poll ORDER BY name

-- one: begin_poll
INSERT INTO poll (name, route, state, version, due_at, trouble) VALUES (:name, :route, '', 0, :now, '') ON CONFLICT DO NOTHING

-- one: move_poll
UPDATE poll SET state = :state, version = version + 1 WHERE name = :name AND version = :version

-- one: note_poll
UPDATE poll SET looked_at = :now, due_at = :due, trouble = :trouble WHERE name = :name

-- one: restart_poll
UPDATE poll SET state = '', version = version + 1, due_at = :now, looked_at = NULL, trouble = '' WHERE name = :name

-- ---------------------------------------------------------------------------------------------------- pickup folders

-- one: pickup_by_key
SELECT name FROM pickup WHERE partner = :partner AND key = :key

-- one: pickup_name_taken
SELECT 1 FROM pickup WHERE partner = :partner AND directory = :directory AND name = :name

-- one: add_pickup
INSERT INTO pickup (partner, directory, name, key, payload_id, written_at)
VALUES (:partner, :directory, :name, :key, :payload_id, :now)

-- one: pickup_files
SELECT f.id, f.name, p.size, f.written_at, f.collected_at FROM pickup f JOIN payload p ON p.id = f.payload_id
WHERE f.partner = :partner AND f.directory = :directory AND f.removed_at IS NULL ORDER BY f.id

-- one: pickup_payload
SELECT payload_id FROM pickup
WHERE partner = :partner AND directory = :directory AND name = :name AND removed_at IS NULL

-- one: pickup_collected
UPDATE pickup SET collected_at = :now
WHERE partner = :partner AND directory = :directory AND name = :name AND collected_at IS NULL

-- one: pickup_remove
UPDATE pickup SET removed_at = :now
WHERE partner = :partner AND directory = :directory AND name = :name AND removed_at IS NULL

-- ---------------------------------------------------------------------------------------------------- the document chain

-- rows: add_link (reference text, kind text, ref text, n bigint, partner text, direction text, document text, stage text, number text, control text, at bigint, data text)
INSERT INTO link (*) ON CONFLICT DO NOTHING

-- one: links
SELECT reference, kind, ref, partner, direction, document, stage, number, control, at, data FROM link
WHERE reference = ANY(:references::text[]) AND kind = :kind ORDER BY at, ref, n

-- one: references_like
SELECT DISTINCT reference FROM link WHERE reference >= :text AND reference < :beyond AND kind = 'order' LIMIT 1000

-- ---------------------------------------------------------------------------------------------------- the desk

-- one: roots_of_ids
SELECT DISTINCT correlation_id FROM message WHERE id = ANY(:ids::text[])

-- one: roots_of_prefix
SELECT DISTINCT correlation_id FROM message WHERE id >= :text AND id < :beyond LIMIT 2

-- one: roots_of_key
SELECT DISTINCT root FROM business_key WHERE value = :value ORDER BY root DESC LIMIT 1000

-- one: family_bases
SELECT id FROM message WHERE id = ANY(:roots::text[])
UNION SELECT id FROM message WHERE correlation_id = ANY(:roots::text[]) AND part = 0 AND causation_id <> ''

-- one: family_messages
SELECT m.id, m.causation_id, m.route, m.partner, m.source, m.state, m.release, m.keys, m.received_at,
  coalesce((SELECT p.size FROM payload p WHERE p.id = coalesce(m.original_id, m.payload_id)), 0),
  m.name, m.error
FROM UNNEST(:bases::text[]) AS b(base) JOIN message m ON m.id >= b.base AND m.id < b.base || '0'

-- one: family_deliveries
SELECT d.id, d.message_id, d.endpoint, d.operation, d.key, d.state, d.attempts, d.reference, d.error, d.place, d.created_at,
  d.done_at
FROM UNNEST(:bases::text[]) AS b(base) JOIN delivery d ON d.id >= b.base AND d.id < b.base || '0'

-- one: family_events
SELECT e.ref, e.at, e.kind, e.note, e.author, e.data
FROM UNNEST(:bases::text[]) AS b(base) JOIN event e ON e.ref >= b.base AND e.ref < b.base || '0'
ORDER BY e.at, e.nr

-- one: family_effects
SELECT f.delivery_id, f.state, f.intended_at, f.done_at, f.reference, f.note
FROM UNNEST(:bases::text[]) AS b(base) JOIN effect f ON f.delivery_id >= b.base AND f.delivery_id < b.base || '0'
ORDER BY f.seq, f.fence

-- one: list_messages
SELECT m.id, m.causation_id, m.route, m.partner, m.state, m.received_at, m.keys,
  coalesce((SELECT p.size FROM payload p WHERE p.id = coalesce(m.original_id, m.payload_id)), 0),
  m.error
FROM message m
WHERE (:before = '' OR m.id < :before) AND (:route = '' OR m.route = :route) AND (:partner = '' OR m.partner = :partner)
  AND (:state = '' OR m.state = :state) AND m.received_at >= :since AND m.id >= :floor
ORDER BY m.id DESC LIMIT :limit

-- one: list_family
SELECT m.id, m.causation_id, m.route, m.partner, m.state, m.received_at, m.keys,
  coalesce((SELECT p.size FROM payload p WHERE p.id = coalesce(m.original_id, m.payload_id)), 0),
  m.error
FROM UNNEST(:bases::text[]) AS b(base) JOIN message m ON m.id >= b.base AND m.id < b.base || '0'
WHERE (:before = '' OR m.id < :before) AND (:route = '' OR m.route = :route) AND (:partner = '' OR m.partner = :partner)
  AND (:state = '' OR m.state = :state) AND m.received_at >= :since AND m.keys LIKE :holding ESCAPE '~'
-- not `m.id` alone: PostgreSQL would walk its index through all messages that ever were
ORDER BY m.id || '' DESC LIMIT :limit

-- one: failed_messages
SELECT m.id, m.route, m.partner, m.state, m.changed_at, m.attempts, m.keys, m.error FROM message m
WHERE m.state = 'failed' AND (:route = '' OR m.route = :route) AND (:partner = '' OR m.partner = :partner)
  AND m.changed_at >= :since AND (:key = '' OR m.correlation_id IN (SELECT root FROM business_key WHERE value = :key))
ORDER BY m.changed_at DESC, m.id DESC

-- one: failed_deliveries
SELECT d.id, d.endpoint, m.partner, d.state, d.done_at, d.attempts, m.keys, d.error
FROM delivery d JOIN message m ON m.id = d.message_id
WHERE d.state = 'failed' AND (:route = '' OR m.route = :route) AND (:partner = '' OR m.partner = :partner)
  AND d.done_at >= :since AND (:key = '' OR m.correlation_id IN (SELECT root FROM business_key WHERE value = :key))
UNION ALL
SELECT d.id, d.endpoint, m.partner, d.state, d.done_at, d.attempts, m.keys, d.error
FROM delivery d JOIN message m ON m.id = d.message_id
WHERE d.state = 'unknown' AND (:route = '' OR m.route = :route) AND (:partner = '' OR m.partner = :partner)
  AND d.done_at >= :since AND (:key = '' OR m.correlation_id IN (SELECT root FROM business_key WHERE value = :key))

-- one: lock_message
SELECT id, state, route, partner, payload_id, resume, answered FROM message WHERE id = :id FOR UPDATE

-- one: lock_delivery
SELECT d.id, d.state, d.message_id, d.endpoint, m.partner, d.payload_id, d.order_key FROM delivery d
JOIN message m ON m.id = d.message_id WHERE d.id = :id FOR UPDATE OF d

-- one: lock_duplicate
SELECT state, route, partner, error FROM message WHERE id = :id FOR UPDATE

-- one: readmit_message
UPDATE message SET state = 'received', error = NULL, changed_at = :now WHERE id = :id

-- one: reopen_message
UPDATE message SET state = 'received', payload_id = :payload_id, error = NULL, changed_at = :now WHERE id = :id

-- one: reopen_delivery
UPDATE delivery SET state = 'queued', payload_id = :payload_id, effect = '', error = NULL, done_at = NULL WHERE id = :id

-- one: note_last_effect
UPDATE effect SET note = :note WHERE delivery_id = :id AND (seq, fence) = (
  SELECT seq, fence FROM effect WHERE delivery_id = :id ORDER BY seq DESC, fence DESC LIMIT 1)

-- one: held_work
SELECT seq FROM work WHERE order_key = :order_key AND order_key <> '' AND ref = :ref AND state = 'held'

-- one: reopen_work
UPDATE work SET state = 'ready', due_at = :now, attempts = 0, first_at = 0 WHERE seq = :seq

-- one: copy_delivery
INSERT INTO delivery (id, message_id, endpoint, operation, key, order_key, reply_to, name, place, policies, node, state, effect,
  attempts, reference, payload_id, created_at)
SELECT :new_id, message_id, endpoint, operation, key, order_key, reply_to, name, place, policies, node, 'queued', '', 0, '',
  payload_id, :now
FROM delivery WHERE id = :id

-- one: next_delivery
UPDATE message SET deliveries = deliveries + 1 WHERE id = :id RETURNING deliveries

-- one: discard_message
UPDATE message SET state = 'discarded', changed_at = :now WHERE id = :id

-- one: discard_delivery
UPDATE delivery SET state = 'discarded', done_at = :now WHERE id = :id

-- one: item_events
SELECT ref, at, kind, note, author, data FROM event WHERE ref = :ref ORDER BY at, nr

-- one: show_message
SELECT m.id, m.causation_id, m.correlation_id, m.route, m.partner, m.source, m.state, m.release, m.keys, m.headers, m.name,
  m.received_at, m.changed_at, m.attempts, m.resume, m.error, m.payload_id
FROM message m WHERE m.id = :id

-- one: show_delivery
SELECT d.id, d.message_id, m.correlation_id, d.endpoint, m.partner, m.route, m.release, d.operation, d.key, d.order_key, d.name,
  d.place, d.state, d.effect, d.attempts, d.reference, m.keys, d.created_at, d.done_at, d.error, d.payload_id
FROM delivery d JOIN message m ON m.id = d.message_id WHERE d.id = :id

-- one: message_payload
SELECT coalesce(payload_id, original_id) FROM message WHERE id = :id

-- one: delivery_payload
SELECT payload_id FROM delivery WHERE id = :id

-- one: count_messages
SELECT state, count(*) FROM message WHERE id >= :floor AND received_at >= :since GROUP BY state ORDER BY state

-- one: count_deliveries
SELECT state, count(*) FROM delivery WHERE id >= :floor AND created_at >= :since GROUP BY state ORDER BY state

-- one: version @postgresql
SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')

-- one: version @sqlite
SELECT sqlite_version(), '', ''

-- one: backlog
SELECT count(*) FROM work WHERE state <> 'held'
