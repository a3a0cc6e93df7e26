-- where narrowing
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders > 2 AND riders > 3 AND riders < 5

-- rows of all
-- [196,56317]
-- rows of newest
-- [120,35156]
