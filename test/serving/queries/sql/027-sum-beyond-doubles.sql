-- sum beyond doubles
-- engine: duckdb

SELECT sum(serial), max(serial), avg(serial) FROM trips

-- rows of all
-- [108086391057290510,9007199254740992,120095990063656.12]
-- rows of newest
-- [63050394783434070,9007199254740992,118293423608694.31]
