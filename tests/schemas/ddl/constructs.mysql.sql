CREATE DATABASE shop; USE shop;
CREATE TABLE `users` (`id` int(10) unsigned zerofill NOT NULL AUTO_INCREMENT, `name` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '', `flags` set('a','b') DEFAULT NULL, `e` enum('x','y','') NOT NULL, `st` tinyint(3) unsigned NOT NULL DEFAULT '0', `ts` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, `dt` datetime(6) DEFAULT NULL, `y` year NOT NULL, `js` json DEFAULT NULL, `jl` longtext CHECK (json_valid(`jl`)), `b` binary(16) NOT NULL, `vb` varbinary(255), `bl` mediumblob, `bit1` bit(1) NOT NULL DEFAULT b'0', `f` float(7,3), `d` double(10,2) unsigned, `dec` decimal(12,4) NOT NULL, `tm` time, `g` varchar(30) GENERATED ALWAYS AS (concat(`name`,'x')) VIRTUAL, `h` int AS (`st` + 1) PERSISTENT, PRIMARY KEY (`id`), UNIQUE KEY `n` (`name`(10)), KEY `k` (`st`,`y`)) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COMMENT='it''s; x';
CREATE TABLE friends (a int unsigned NOT NULL, b int unsigned NOT NULL, since date, PRIMARY KEY (a,b), CONSTRAINT f1 FOREIGN KEY (a) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE, CONSTRAINT f2 FOREIGN KEY (b) REFERENCES users (id), CHECK (a <> b));
CREATE TABLE t (k varchar(255) NOT NULL, lang char(2) NOT NULL, v text, PRIMARY KEY (k, lang)) ENGINE=MyISAM PARTITION BY RANGE COLUMNS (k) (PARTITION p0 VALUES LESS THAN ('m'), PARTITION p1 VALUES LESS THAN (MAXVALUE));
CREATE TABLE ev (id bigint NOT NULL AUTO_INCREMENT, yr int NOT NULL, PRIMARY KEY (id, yr)) PARTITION BY RANGE (yr) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN (2010));
CREATE TABLE lst (id int NOT NULL, r int NOT NULL, PRIMARY KEY (id, r)) PARTITION BY LIST (r) (PARTITION a VALUES IN (1,2), PARTITION b VALUES IN (3));
CREATE TABLE p1 (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, ean char(13) NOT NULL, UNIQUE KEY (ean), CONSTRAINT c CHECK (char_length(ean) = 13), CONSTRAINT c2 CHECK (ean REGEXP '^[0-9]+$'));
ALTER TABLE p1 ADD COLUMN parent_id int NULL AFTER id, ADD COLUMN price decimal(10,2) NOT NULL DEFAULT 0 CHECK (price >= 0), ADD INDEX (parent_id), ADD CONSTRAINT fkp FOREIGN KEY (parent_id) REFERENCES p1 (id);
CREATE TABLE `order` (`key` int NOT NULL PRIMARY KEY, `group` int NOT NULL, `index` varchar(3), UNIQUE (`group`, `index`));
DELIMITER //
CREATE PROCEDURE pp() BEGIN SELECT 1; CREATE TABLE nope (id int); END //
CREATE TRIGGER tr BEFORE INSERT ON p1 FOR EACH ROW BEGIN SET NEW.price = 1; END //
DELIMITER ;
CREATE TABLE emails (id int PRIMARY KEY AUTO_INCREMENT, email varchar(191) NOT NULL, UNIQUE INDEX e ((lower(email))), CHECK (email LIKE '%_@_%._%'));
INSERT INTO emails VALUES (1,'a;b\'c');
