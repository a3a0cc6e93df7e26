-- avg driver
-- engine: duckdb

SELECT avg(driver) FROM trips

-- rows of all
-- [140111988407106.61]
-- rows of newest
-- [116329141666421.27]
