-- where all but null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Oslo' OR city <> 'Oslo'

-- rows of all
-- [852,240153]
-- rows of newest
-- [514,149121]
