CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE users (id bigserial PRIMARY KEY, email text UNIQUE NOT NULL CHECK (email LIKE '%@%' AND email <> 'admin'), manager_id bigint REFERENCES users CHECK (manager_id <> id),
 role text NOT NULL CHECK (role NOT LIKE '% %'), name text CHECK (name !~ '[0-9]'));
CREATE TABLE follows (follower_id bigint REFERENCES users, followee_id bigint REFERENCES users, PRIMARY KEY (follower_id, followee_id), CHECK (follower_id <> followee_id));
CREATE TABLE transfers (id bigserial PRIMARY KEY, from_id bigint NOT NULL REFERENCES users, to_id bigint NOT NULL REFERENCES users, amount numeric(10,2) NOT NULL CHECK (amount > 0), CHECK (from_id IS DISTINCT FROM to_id));
CREATE TABLE attachments (id serial PRIMARY KEY, user_id bigint REFERENCES users, transfer_id bigint REFERENCES transfers, CHECK (num_nonnulls(user_id, transfer_id) = 1));
CREATE TABLE attachments2 (id serial PRIMARY KEY, user_id bigint REFERENCES users, transfer_id bigint REFERENCES transfers, CHECK ((user_id IS NULL) <> (transfer_id IS NULL)));
CREATE TABLE attachments3 (id serial PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('u','t')), user_id bigint REFERENCES users, transfer_id bigint REFERENCES transfers,
  CHECK ((kind='u' AND user_id IS NOT NULL AND transfer_id IS NULL) OR (kind='t' AND user_id IS NULL AND transfer_id IS NOT NULL)));
CREATE TABLE rooms (id serial PRIMARY KEY, code char(3) UNIQUE NOT NULL);
CREATE TABLE bookings (id serial PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, during tstzrange NOT NULL, EXCLUDE USING gist (room_id WITH =, during WITH &&));
CREATE TABLE bookings2 (id serial PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, s timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (e > s), EXCLUDE USING gist (room_id WITH =, tstzrange(s, e) WITH &&) WHERE (room_id > 0));
CREATE TABLE tenants (id uuid PRIMARY KEY, slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]+$'));
CREATE TABLE projects (tenant_id uuid NOT NULL REFERENCES tenants, id uuid NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE members (tenant_id uuid NOT NULL REFERENCES tenants, id uuid NOT NULL, name text NOT NULL, PRIMARY KEY (tenant_id, id));
CREATE TABLE tasks (tenant_id uuid NOT NULL, id uuid NOT NULL, project_id uuid NOT NULL, member_id uuid NOT NULL, PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id), FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id));
CREATE TABLE a (id int PRIMARY KEY, b_id int NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) DEFERRABLE INITIALLY DEFERRED;
CREATE TYPE addr AS (street text, city text, zip int);
CREATE DOMAIN us_zip AS text CHECK (VALUE ~ '^\d{5}$' OR VALUE ~ '^\d{5}-\d{4}$');
CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('sad','ok');
CREATE TABLE people (id serial PRIMARY KEY, home addr, away addr NOT NULL, zip us_zip NOT NULL, n posint, tags text[] NOT NULL CHECK (cardinality(tags) > 0), moods mood[] DEFAULT '{}', m2 int[][], 
   meta jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(meta) = 'object'), tops jsonb NOT NULL CHECK (jsonb_typeof(tops) = 'array'),
   full_name text GENERATED ALWAYS AS ('x' || id) STORED, birth date CHECK (birth < CURRENT_DATE), code varchar(8) COLLATE "C" NOT NULL CHECK (code = upper(code) AND length(code) BETWEEN 3 AND 8), ratio real CHECK (ratio >= 0 AND ratio <= 1));
CREATE UNIQUE INDEX u1 ON people (lower(code)) WHERE n IS NOT NULL;
CREATE UNIQUE INDEX u2 ON people ((meta->>'k'));
CREATE TABLE animals (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE dogs (breed text NOT NULL, UNIQUE (name)) INHERITS (animals);
CREATE TABLE logs (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, kind text NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE logs_d PARTITION OF logs DEFAULT;
CREATE TABLE hashed (id int PRIMARY KEY, x text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE SCHEMA sales CREATE TABLE deals (id int PRIMARY KEY, v int NOT NULL) CREATE TABLE parts (id int PRIMARY KEY, deal int REFERENCES deals);
CREATE TABLE settings (id boolean PRIMARY KEY DEFAULT true CHECK (id), name text);
CREATE TABLE one (id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), name text);
CREATE TABLE x (a int NOT NULL, b int NOT NULL, c int NOT NULL, UNIQUE (a,b), UNIQUE (b,c), UNIQUE (a,c), CHECK (a % 2 = 0));
CREATE TABLE nn (id int PRIMARY KEY, a text, b text, CHECK (coalesce(a,b) IS NOT NULL), CHECK (a <> '' OR b <> ''));
CREATE TABLE iv (id int PRIMARY KEY, i interval NOT NULL CHECK (i > '0 seconds'), n inet NOT NULL CHECK (family(n) = 4), u uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), t time NOT NULL, tz timetz, mac macaddr, c money, b bit(3), v varbit(5), x xml, l ltree, tsv tsvector, r int4range, mr int4multirange, o oid, nm name, ch "char");
