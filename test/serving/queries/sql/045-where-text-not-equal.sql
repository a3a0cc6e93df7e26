-- where text not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city <> 'Berlin'

-- rows of all
-- [760,213106]
-- rows of newest
-- [455,131643]
