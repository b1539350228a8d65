"""Relational schemas: what SQL, dbt and metadata files say of tables, and the page of a sampler it amounts to.

statements   a file of SQL, cut into the statements that matter, as tokens that know their line
ddl          statements -> tables
tables       what is known of a table, whatever file it was read from
types        the types of four databases -> families with limits
checks       CHECK constraints -> limits of single columns, and rules between columns
meanings     names and comments of columns -> what stands in them
columns      a column with its type, limits and meaning -> its distribution
settling     conditions -> columns that are empty, never empty, or of one value, so that they hold
holding      which conditions become rules, and which are settled
links        keys, unique groups and foreign keys -> references that hold exactly
notes        what is not kept, in few lines
pages        tables -> the page of `tables` or `columns`
"""
