-- A shop as it might stand in production.
CREATE TABLE countries (
  code  char(2) PRIMARY KEY,
  name  varchar(40) NOT NULL
);
CREATE TABLE customers (
  id          integer PRIMARY KEY,
  country     char(2) NOT NULL REFERENCES countries (code),
  email       varchar(80) NOT NULL UNIQUE,
  last_name   varchar(40) NOT NULL,
  joined_on   date NOT NULL,
  invited_by  integer REFERENCES customers (id)
);
CREATE TABLE products (
  id     integer PRIMARY KEY,
  name   varchar(40) NOT NULL,
  price  decimal(8,2) NOT NULL CHECK (price > 0)
);
CREATE TABLE orders (
  id         integer PRIMARY KEY,
  customer   integer NOT NULL REFERENCES customers (id),
  status     varchar(8) NOT NULL CHECK (status IN ('open', 'paid', 'sent')),
  placed_on  date NOT NULL
);
CREATE TABLE order_lines (
  order_id  integer NOT NULL REFERENCES orders (id),
  line      integer NOT NULL,
  product   integer NOT NULL REFERENCES products (id),
  quantity  integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  PRIMARY KEY (order_id, line)
);
CREATE TABLE reviews (
  id       integer PRIMARY KEY,
  product  integer NOT NULL REFERENCES products (id),
  stars    integer NOT NULL CHECK (stars BETWEEN 1 AND 5)
);
