-- where double not zero
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance <> 0

-- rows of all
-- [633,176298]
-- rows of newest
-- [384,108944]
