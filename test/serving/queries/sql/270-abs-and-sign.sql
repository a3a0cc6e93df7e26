-- abs and sign
-- engine: duckdb

SELECT sum(abs(fare)), sum(sign(fare)) FROM trips

-- rows of all
-- ["15814.61",858]
-- rows of newest
-- ["10031.56",516]
