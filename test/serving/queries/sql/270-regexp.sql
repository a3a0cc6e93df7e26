-- regexp
-- engine: duckdb

SELECT count(*) FROM trips WHERE regexp_matches(city, '^[A-M]')

-- rows of all
-- [386]
-- rows of newest
-- [233]
