-- aggregate arithmetic
-- engine: direct

SELECT sum(riders) + count(*), sum(riders) * 2 FROM trips

-- rows of all
-- [3563,5326]
-- rows of newest
-- [2172,3260]
