-- where int not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders <> 3

-- rows of all
-- [709,197233]
-- rows of newest
-- [421,119701]
