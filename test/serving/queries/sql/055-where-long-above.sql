-- where long above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE driver > 30

-- rows of all
-- [356,94276]
-- rows of newest
-- [227,60294]
