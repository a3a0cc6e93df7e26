-- where text above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city > 'Lima'

-- rows of all
-- [476,138960]
-- rows of newest
-- [293,87266]
