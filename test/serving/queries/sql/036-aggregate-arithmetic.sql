-- aggregate arithmetic
-- engine: direct

SELECT sum(riders) + count(*), sum(riders) * 2 FROM trips

-- rows of all
-- [3621,5442]
-- rows of newest
-- [2157,3248]
