-- where is not null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IS NOT NULL

-- rows of all
-- [852,240153]
-- rows of newest
-- [514,149121]
