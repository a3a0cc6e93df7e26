-- sum of doubles product
-- engine: direct

SELECT sum(distance * distance) FROM trips

-- rows of all
-- [70012.21967682004]
-- rows of newest
-- [43667.765050389986]
