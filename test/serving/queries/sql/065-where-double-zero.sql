-- where double zero
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance = 0

-- rows of all
-- [207,58214]
-- rows of newest
-- [115,33549]
