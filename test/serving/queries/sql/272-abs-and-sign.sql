-- abs and sign
-- engine: duckdb

SELECT sum(abs(fare)), sum(sign(fare)) FROM trips

-- rows of all
-- ["15841.3",866]
-- rows of newest
-- ["9810.54",519]
