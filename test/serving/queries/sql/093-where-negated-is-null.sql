-- where negated is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city IS NULL)

-- rows of all
-- [852,240153]
-- rows of newest
-- [514,149121]
