-- where decimal above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare > 20

-- rows of all
-- [315,86383]
-- rows of newest
-- [204,59653]
