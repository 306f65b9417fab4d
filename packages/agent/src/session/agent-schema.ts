import type { SchemaPart } from "@saltgate/store";

/** The tables of sessions, their transcripts, and what was said to be answered. */
export const agentSchema: SchemaPart = {
  name: "agent",
  versions: [
    `CREATE TABLE agent_sessions (
       key TEXT PRIMARY KEY,
       agent_id TEXT NOT NULL,
       session_id TEXT NOT NULL UNIQUE,
       kind TEXT NOT NULL,
       created_at INTEGER NOT NULL,
       started_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL,
       label TEXT UNIQUE,
       display_name TEXT,
       spawned_by TEXT,
       search TEXT NOT NULL,
       first_text TEXT,
       last_text TEXT,
       origin TEXT,
       route TEXT,
       settings TEXT NOT NULL,
       input_tokens INTEGER NOT NULL DEFAULT 0,
       output_tokens INTEGER NOT NULL DEFAULT 0,
       context_tokens INTEGER,
       model TEXT,
       last_status TEXT,
       archived INTEGER NOT NULL DEFAULT 0,
       pinned INTEGER NOT NULL DEFAULT 0,
       unread INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX agent_sessions_newest ON agent_sessions (updated_at DESC, key);
     CREATE INDEX agent_sessions_of_agent ON agent_sessions (agent_id, updated_at DESC, key);
     CREATE INDEX agent_sessions_spawned ON agent_sessions (spawned_by, updated_at DESC) WHERE spawned_by IS NOT NULL;
     CREATE TABLE agent_transcripts (
       session_id TEXT PRIMARY KEY,
       session_key TEXT NOT NULL,
       agent_id TEXT NOT NULL,
       created_at INTEGER NOT NULL,
       archived_at INTEGER,
       archived_because TEXT,
       messages INTEGER NOT NULL DEFAULT 0,
       bytes INTEGER NOT NULL DEFAULT 0,
       next_seq INTEGER NOT NULL DEFAULT 1
     ) STRICT;
     CREATE INDEX agent_transcripts_archived ON agent_transcripts (archived_at) WHERE archived_at IS NOT NULL;
     CREATE TABLE agent_messages (
       id INTEGER PRIMARY KEY,
       session_id TEXT NOT NULL,
       seq INTEGER NOT NULL,
       message_id TEXT NOT NULL,
       run_id TEXT,
       role TEXT NOT NULL,
       at INTEGER NOT NULL,
       aside INTEGER NOT NULL DEFAULT 0,
       bytes INTEGER NOT NULL,
       body TEXT NOT NULL,
       UNIQUE (session_id, seq)
     ) STRICT;
     CREATE INDEX agent_messages_of_run ON agent_messages (run_id, seq) WHERE run_id IS NOT NULL;
     CREATE TABLE agent_turns (
       seq INTEGER PRIMARY KEY AUTOINCREMENT,
       run_id TEXT NOT NULL UNIQUE,
       session_key TEXT NOT NULL,
       session_id TEXT,
       agent_id TEXT NOT NULL,
       state TEXT NOT NULL,
       mode TEXT NOT NULL,
       authority TEXT NOT NULL,
       request TEXT,
       joined_to TEXT,
       shortened INTEGER NOT NULL DEFAULT 0,
       command TEXT,
       stop_reason TEXT,
       attempts INTEGER NOT NULL DEFAULT 0,
       accepted_at INTEGER NOT NULL,
       started_at INTEGER,
       ended_at INTEGER,
       ending TEXT,
       answer TEXT,
       channel TEXT NOT NULL,
       account_id TEXT,
       sender_id TEXT,
       is_owner INTEGER NOT NULL,
       tokens INTEGER NOT NULL DEFAULT 0,
       cost_usd REAL NOT NULL DEFAULT 0,
       bytes INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX agent_turns_open ON agent_turns (session_key, seq) WHERE ended_at IS NULL;
     CREATE INDEX agent_turns_ended ON agent_turns (ended_at) WHERE ended_at IS NOT NULL;
     CREATE INDEX agent_turns_joined ON agent_turns (joined_to) WHERE joined_to IS NOT NULL;
     CREATE INDEX agent_turns_of_agent ON agent_turns (agent_id, started_at) WHERE started_at IS NOT NULL;
     CREATE INDEX agent_turns_of_sender ON agent_turns (channel, account_id, sender_id, started_at)
       WHERE started_at IS NOT NULL;`,
    `ALTER TABLE agent_turns ADD COLUMN digest TEXT;`,
    // What is kept of the past is summed up every hour: with the sizes in the index no answer is read for it.
    `DROP INDEX agent_turns_ended;
     CREATE INDEX agent_turns_ended ON agent_turns (ended_at, bytes) WHERE ended_at IS NOT NULL;
     DROP INDEX agent_transcripts_archived;
     CREATE INDEX agent_transcripts_archived ON agent_transcripts (archived_at, bytes) WHERE archived_at IS NOT NULL;`,
  ],
};
