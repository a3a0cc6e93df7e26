-- where double not zero
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance <> 0

-- rows of all
-- [626,172822]
-- rows of newest
-- [384,107492]
