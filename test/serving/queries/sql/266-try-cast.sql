-- try cast
-- engine: duckdb

SELECT count(TRY_CAST(note AS INTEGER)) FROM trips

-- rows of all
-- [67]
-- rows of newest
-- [43]
