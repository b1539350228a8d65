-- a shop
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN percent AS numeric(5,2) CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE TABLE customers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email varchar(60) NOT NULL UNIQUE,
  country_code char(2) NOT NULL,
  mood mood NOT NULL DEFAULT 'ok',
  tags text[] NOT NULL,
  profile jsonb,
  last_ip inet,
  discount percent NOT NULL,
  born date CHECK (born >= '1950-01-01'),
  joined_at timestamptz NOT NULL,
  left_at timestamptz,
  CHECK (left_at IS NULL OR left_at > joined_at)
);
CREATE TABLE products (
  sku char(8) PRIMARY KEY CHECK (sku ~ '^[A-Z]{3}[0-9]{5}$'),
  name varchar(40) NOT NULL,
  price numeric(8,2) NOT NULL CHECK (price > 0),
  cost numeric(8,2) NOT NULL,
  weight real,
  CONSTRAINT earns CHECK (cost < price)
);
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES customers,
  status text NOT NULL CHECK (status IN ('open', 'paid', 'void')),
  paid_at timestamp,
  CONSTRAINT paid CHECK (status <> 'paid' OR paid_at IS NOT NULL)
);
CREATE TABLE lines (
  order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  line smallint NOT NULL,
  sku char(8) NOT NULL REFERENCES products (sku),
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  total numeric(10,2) GENERATED ALWAYS AS (quantity * 2) STORED,
  PRIMARY KEY (order_id, line), UNIQUE (order_id, sku)
);
CREATE TABLE shipments (id serial PRIMARY KEY, order_id bigint NOT NULL, line smallint NOT NULL, UNIQUE (order_id, line), FOREIGN KEY (order_id, line) REFERENCES lines);
CREATE TABLE employees (id serial PRIMARY KEY, boss_id integer REFERENCES employees, name text NOT NULL);
CREATE TABLE seats (hall smallint NOT NULL CHECK (hall BETWEEN 1 AND 5), seat smallint NOT NULL CHECK (seat BETWEEN 1 AND 400), PRIMARY KEY (hall, seat));
