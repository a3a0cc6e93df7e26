-- sum driver
-- engine: duckdb

SELECT sum(driver) FROM trips

-- rows of all
-- [126100789566395940]
-- rows of newest
-- [63050394783200330]
