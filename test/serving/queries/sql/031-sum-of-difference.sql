-- sum of difference
-- engine: duckdb

SELECT sum(driver - riders) FROM trips

-- rows of all
-- [126100789566393280]
-- rows of newest
-- [63050394783198696]
